import { Card } from "@shared/ui/bits";
import { Button, IconButton } from "@shared/ui/button";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { Icon } from "@shared/ui/icon";
import { ProductField } from "../../parts/product-fields";
import { ScopeFields } from "../../parts/scope-fields";
import { TiersField } from "../../parts/tiers-field";
import { type CampaignForm, type Field, ITEMS_MAX, isLineOffer, STEPS_MAX, type Wrong } from "./form";
import { useTexts } from "./texts";

interface Props {
  readonly form: CampaignForm;
  readonly onChange: (form: CampaignForm) => void;
  readonly wrong: Wrong;
}

/** A field says that it is wrong once something stands in it. */
function says(wrong: Wrong, field: Field, typed: string, text: string): string | null {
  return typed !== "" && wrong[field] === true ? text : null;
}

export function Fields(props: Props) {
  const texts = useTexts();
  const Terms = TERMS[props.form.kind];
  return (
    <div className="beside">
      <div className="stack">
        <Basics {...props} />
        <Card title={texts.terms}>
          <Terms {...props} />
        </Card>
      </div>
      <div className="stack">
        <About {...props} />
        <Together {...props} />
        <Limits {...props} />
      </div>
    </div>
  );
}

function Basics({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  const set = (part: Partial<CampaignForm>) => onChange({ ...form, ...part });
  return (
    <Card title={texts.about}>
      <div className="form">
        <div className="across">
          <TextField
            label={texts.name}
            value={form.name}
            onChange={(name) => set({ name })}
            required
            maxLength={200}
            wrong={says(wrong, "name", form.name, texts.nameWrong)}
          />
        </div>
        <TextField
          label={texts.starts}
          type="datetime-local"
          value={form.starts}
          onChange={(starts) => set({ starts })}
          required
        />
        <TextField
          label={texts.ends}
          type="datetime-local"
          value={form.ends}
          onChange={(ends) => set({ ends })}
          required
          wrong={says(wrong, "ends", form.ends, texts.endsWrong)}
        />
        <Segments
          label={texts.status}
          options={(["active", "paused"] as const).map((id) => ({ id, label: texts.statuses[id] }))}
          value={form.status}
          onChange={(status) => set({ status })}
        />
      </div>
    </Card>
  );
}

const TERMS = { discount: Discount, flash: Flash, spend_save: SpendSave, gift: Gift };

function Discount({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  return (
    <TextField
      label={texts.rate}
      note={texts.rateNote}
      inputMode="decimal"
      value={form.rate}
      onChange={(rate) => onChange({ ...form, rate })}
      required
      wrong={says(wrong, "rate", form.rate, texts.rateWrong)}
    />
  );
}

function nextKey(rows: readonly { key: number }[]): number {
  return 1 + Math.max(0, ...rows.map((row) => row.key));
}

function Flash({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  const { items } = form;
  const set = (key: number, part: Partial<(typeof items)[number]>) =>
    onChange({ ...form, items: items.map((item) => (item.key === key ? { ...item, ...part } : item)) });
  const begun = items.some((item) => item.sku !== "" && item.price !== "" && item.units !== "");
  return (
    <div className="stack">
      {items.map((item, index) => (
        <fieldset key={item.key} className="form line">
          <legend className="hidden">{`${texts.items} ${index + 1}`}</legend>
          <ProductField
            label={texts.sku}
            value={item.sku}
            onChange={(sku) => set(item.key, { sku })}
            required
          />
          <TextField
            label={texts.priceYuan}
            inputMode="decimal"
            value={item.price}
            onChange={(price) => set(item.key, { price })}
            required
          />
          <TextField
            label={texts.units}
            inputMode="numeric"
            value={item.units}
            onChange={(units) => set(item.key, { units })}
            required
          />
          {items.length > 1 && (
            <div className="remove">
              <IconButton
                label={texts.remove(item.sku || String(index + 1))}
                onPress={() => onChange({ ...form, items: items.filter((each) => each.key !== item.key) })}
              >
                <Icon name="minus" />
              </IconButton>
            </div>
          )}
        </fieldset>
      ))}
      {begun && wrong.items === true && (
        <p className="wrong" role="alert">
          {texts.itemsWrong}
        </p>
      )}
      {items.length < ITEMS_MAX && (
        <Button
          small
          onPress={() =>
            onChange({ ...form, items: [...items, { key: nextKey(items), sku: "", price: "", units: "" }] })
          }
        >
          {texts.addItem}
        </Button>
      )}
      <TextField
        label={texts.perMember}
        inputMode="numeric"
        value={form.per_member}
        onChange={(per_member) => onChange({ ...form, per_member })}
        required
        wrong={says(wrong, "per_member", form.per_member, texts.countWrong)}
      />
    </div>
  );
}

function SpendSave({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  const { steps } = form;
  const set = (key: number, part: Partial<(typeof steps)[number]>) =>
    onChange({ ...form, steps: steps.map((step) => (step.key === key ? { ...step, ...part } : step)) });
  const begun = steps.every((step) => step.from !== "" && step.off !== "");
  return (
    <div className="stack">
      {steps.map((step, index) => (
        <fieldset key={step.key} className="form line">
          <legend className="hidden">{`${texts.steps} ${index + 1}`}</legend>
          <TextField
            label={texts.fromYuan}
            inputMode="decimal"
            value={step.from}
            onChange={(from) => set(step.key, { from })}
            required
          />
          <TextField
            label={texts.offYuan}
            inputMode="decimal"
            value={step.off}
            onChange={(off) => set(step.key, { off })}
            required
          />
          {steps.length > 1 && (
            <div className="remove">
              <IconButton
                label={texts.remove(`${texts.steps} ${index + 1}`)}
                onPress={() => onChange({ ...form, steps: steps.filter((each) => each.key !== step.key) })}
              >
                <Icon name="minus" />
              </IconButton>
            </div>
          )}
        </fieldset>
      ))}
      {begun && wrong.steps === true && (
        <p className="wrong" role="alert">
          {texts.stepsWrong}
        </p>
      )}
      {steps.length < STEPS_MAX && (
        <Button
          small
          onPress={() => onChange({ ...form, steps: [...steps, { key: nextKey(steps), from: "", off: "" }] })}
        >
          {texts.addStep}
        </Button>
      )}
      {steps.length === 1 && (
        <Checkbox selected={form.repeat} onChange={(repeat) => onChange({ ...form, repeat })}>
          {texts.repeat}
        </Checkbox>
      )}
      {steps.length === 1 && form.repeat && (
        <TextField
          label={texts.maxOff}
          inputMode="decimal"
          value={form.max_off}
          onChange={(max_off) => onChange({ ...form, max_off })}
          wrong={says(wrong, "max_off", form.max_off, texts.amountWrong)}
        />
      )}
    </div>
  );
}

function Gift({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  return (
    <div className="form">
      <TextField
        label={texts.giftFrom}
        inputMode="decimal"
        value={form.gift_from}
        onChange={(gift_from) => onChange({ ...form, gift_from })}
        required
        wrong={says(wrong, "gift_from", form.gift_from, texts.amountWrong)}
      />
      <ProductField
        label={texts.giftSku}
        value={form.gift_sku}
        onChange={(gift_sku) => onChange({ ...form, gift_sku })}
        required
        wrong={says(wrong, "gift_sku", form.gift_sku, texts.giftSkuWrong)}
      />
      <TextField
        label={texts.giftQuantity}
        inputMode="numeric"
        value={form.gift_quantity}
        onChange={(gift_quantity) => onChange({ ...form, gift_quantity })}
        required
        wrong={says(wrong, "gift_quantity", form.gift_quantity, texts.giftQuantityWrong)}
      />
    </div>
  );
}

function About({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  return (
    <Card title={texts.who}>
      <div className="form">
        {form.kind !== "flash" && (
          <ScopeFields
            scope={form.scope}
            onChange={(scope) => onChange({ ...form, scope })}
            wrong={wrong.skus ? "skus" : wrong.except ? "except" : null}
          />
        )}
        <div className="across">
          <TiersField value={form.tiers} onChange={(tiers) => onChange({ ...form, tiers })} />
        </div>
      </div>
    </Card>
  );
}

function Together({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  const set = (part: Partial<CampaignForm>) => onChange({ ...form, ...part });
  return (
    <Card title={texts.together}>
      {isLineOffer(form.kind) ? (
        <Checkbox selected={form.stacks} onChange={(stacks) => set({ stacks })}>
          {texts.stacks}
        </Checkbox>
      ) : (
        <>
          <TextField
            label={texts.group}
            note={texts.groupNote}
            value={form.group}
            onChange={(group) => set({ group })}
            maxLength={64}
            wrong={says(wrong, "group", form.group, texts.groupWrong)}
          />
          <Checkbox selected={form.with_coupons} onChange={(with_coupons) => set({ with_coupons })}>
            {texts.withCoupons}
          </Checkbox>
          <Checkbox selected={form.with_points} onChange={(with_points) => set({ with_points })}>
            {texts.withPoints}
          </Checkbox>
        </>
      )}
    </Card>
  );
}

function Limits({ form, onChange, wrong }: Props) {
  const texts = useTexts();
  const set = (part: Partial<CampaignForm>) => onChange({ ...form, ...part });
  return (
    <Card title={texts.limits} aside={<span className="soft small-text">{texts.limitsNote}</span>}>
      <div className="form">
        <TextField
          label={texts.limitOrders}
          inputMode="numeric"
          value={form.limit_orders}
          onChange={(limit_orders) => set({ limit_orders })}
          wrong={says(wrong, "limit_orders", form.limit_orders, texts.countWrong)}
        />
        <TextField
          label={texts.limitMember}
          inputMode="numeric"
          value={form.limit_member}
          onChange={(limit_member) => set({ limit_member })}
          wrong={says(wrong, "limit_member", form.limit_member, texts.countWrong)}
        />
        <TextField
          label={texts.limitBudget}
          inputMode="decimal"
          value={form.limit_budget}
          onChange={(limit_budget) => set({ limit_budget })}
          wrong={says(wrong, "limit_budget", form.limit_budget, texts.amountWrong)}
        />
      </div>
    </Card>
  );
}
