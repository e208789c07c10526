import { useShop } from "@shared/session/context";
import { Checkboxes, TextField } from "@shared/ui/fields";
import { Select } from "@shared/ui/select";
import { idsIn } from "./lists";
import { useParts } from "./texts";

/** For members of which tiers; of none chosen, for all. Where the deployment does not say its tiers, they are typed. */
export function TiersField({
  value,
  onChange,
  wrong,
}: {
  /** Their codes, as a list is typed. */
  value: string;
  onChange: (value: string) => void;
  wrong?: string | null;
}) {
  const texts = useParts();
  const { tiers } = useShop().config;
  if (tiers.length === 0)
    return (
      <TextField label={texts.tiers} note={texts.tiersNote} value={value} onChange={onChange} wrong={wrong} />
    );
  const chosen = idsIn(value);
  return (
    <Checkboxes
      label={texts.tiers}
      note={texts.tiersAll}
      wrong={wrong}
      options={tiers.map((id) => ({ id, label: id }))}
      value={chosen}
      onChange={(next) => onChange(tiers.filter((each) => next.includes(each)).join(", "))}
    />
  );
}

/** One tier. */
export function TierField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const texts = useParts();
  const { tiers } = useShop().config;
  if (tiers.length === 0) return <TextField label={label} value={value} onChange={onChange} maxLength={20} />;
  return (
    <Select
      label={label}
      options={tiers.map((id, index) => ({ id, label: index === 0 ? texts.lowestTier(id) : id }))}
      value={value === "" ? (tiers[0] ?? null) : value}
      onChange={onChange}
    />
  );
}
