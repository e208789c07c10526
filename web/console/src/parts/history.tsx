import { Link } from "react-router";
import { useCan } from "../rights";
import { useParts } from "./texts";

/** Leads to who changed something, and when: for who may see the audit. */
export function History({ by, id }: { by: "sku" | "campaign_id" | "template_id"; id: string }) {
  const texts = useParts();
  const can = useCan();
  if (!can("get_audit")) return null;
  return (
    <p>
      <Link to={`/audit?by=${by}&value=${encodeURIComponent(id)}`}>{texts.history}</Link>
    </p>
  );
}
