import type { ProductAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Money, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useDeferredValue, useState } from "react";
import { SkuRef } from "../../parts/refs";
import { useCan } from "../../rights";
import { useTexts } from "./texts";
import { Put } from "./writes";

type Zone = "all" | "true" | "false";

export default function Products() {
  const texts = useTexts();
  const can = useCan();
  const [typed, setTyped] = useState("");
  const [zone, setZone] = useState<Zone>("all");
  const [creating, setCreating] = useState(false);
  const q = useDeferredValue(typed.trim());
  const products = useApi().useInfiniteQuery(
    "get",
    "/products",
    { params: { query: { ...(q !== "" && { q }), ...(zone !== "all" && { zone }) } } },
    PAGED,
  );
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under}>
        {can("put_product") && (
          <Button look="primary" onPress={() => setCreating(true)}>
            {texts.create}
          </Button>
        )}
      </PageHead>
      {creating && <Put product={null} onClose={() => setCreating(false)} />}
      <div className="filters wide">
        <TextField label={texts.find} type="search" value={typed} onChange={setTyped} maxLength={200} />
        <div className="beneath-label">
          <Segments
            label={texts.zone}
            options={(["all", "true", "false"] as const).map((id) => ({ id, label: texts.zones[id] }))}
            value={zone}
            onChange={setZone}
          />
        </div>
      </div>
      <Pages query={products} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => <ProductsTable products={items} />}
      </Pages>
    </div>
  );
}

/** Whether so little is left that somebody should know. */
function isLow({ stock, low_stock_threshold: threshold }: ProductAnswer): boolean {
  return stock != null && threshold != null && stock <= threshold;
}

function ProductsTable({ products }: { products: readonly ProductAnswer[] }) {
  const texts = useTexts();
  const { number } = useWords();
  return (
    <Table
      caption={texts.title}
      rows={products}
      keyOf={(each) => each.sku}
      columns={[
        { id: "sku", title: texts.sku, head: true, cell: (each) => <SkuRef id={each.sku} /> },
        { id: "name", title: texts.name, cell: (each) => each.name },
        {
          id: "status",
          title: texts.status,
          cell: (each) => (
            <span className="row">
              <Badge tone={each.status === "on_sale" ? "good" : "plain"}>{texts.statuses[each.status]}</Badge>
              {each.member_zone && <Badge tone="gold">{texts.memberZone}</Badge>}
            </span>
          ),
        },
        { id: "price", title: texts.price, end: true, cell: (each) => <Money fen={each.price_fen} /> },
        {
          id: "stock",
          title: texts.stock,
          end: true,
          cell: (each) => (
            <>
              {isLow(each) && <Badge tone="warn">{texts.low}</Badge>}{" "}
              {each.stock == null ? "—" : number(each.stock)}
            </>
          ),
        },
        {
          id: "threshold",
          title: texts.threshold,
          end: true,
          cell: (each) => (each.low_stock_threshold == null ? "—" : number(each.low_stock_threshold)),
        },
      ]}
    />
  );
}
