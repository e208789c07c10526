import type { TemplateAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Facts, Id } from "@shared/ui/bits";
import type { Faults } from "@shared/ui/faults";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Act, Will } from "../../parts/act";
import { Differences } from "../../parts/differences";
import { guard, useRefused } from "../../parts/guarded";
import { ScopeFields } from "../../parts/scope-fields";
import { TiersField } from "../../parts/tiers-field";
import { isSku } from "../products/form";
import { type Field, formOf, NEW, requestOf, type TemplateForm, type Wrong } from "./form";
import { useLabels } from "./labels";
import { useSaid } from "./said";
import { useTexts } from "./texts";

/** Puts a new template, or what is said of one that there is. */
export function Put({ template, onClose }: { template: TemplateAnswer | null; onClose: () => void }) {
  const texts = useTexts();
  const said = useSaid();
  const { number, zone } = useWords();
  const [id, setId] = useState(template?.template_id ?? "");
  const [form, setForm] = useState<TemplateForm>(() => (template === null ? NEW : formOf(template, zone)));
  const put = useApi().useMutation("put", "/coupon-templates/{template_id}");
  const told = requestOf(form, zone);
  const request = "request" in told ? told.request : null;
  const title = template === null ? texts.create : texts.put;
  const labels = useLabels();
  const cache = useQueryClient();
  const refused = useRefused(id.trim(), `/coupons/${encodeURIComponent(id.trim())}`, () => {
    void cache.invalidateQueries();
    onClose();
  });
  const wrong = "wrong" in told ? told.wrong : {};
  const missing = [
    ...(isSku(id.trim()) ? [] : [texts.id]),
    ...Object.keys(wrong).map((field) => labels.typed[field as Field]),
  ];
  return (
    <Act
      title={title}
      action={title}
      wide
      ready={request !== null && isSku(id.trim())}
      missing={missing}
      labels={labels.sent}
      refused={refused}
      onClose={onClose}
      before={(faults) => (
        <>
          {template === null && (
            <TextField
              label={texts.id}
              note={texts.idNote}
              value={id}
              onChange={setId}
              required
              wrong={id !== "" && !isSku(id.trim()) ? texts.idWrong : faults.of("template_id")}
            />
          )}
          <Fields form={form} onChange={setForm} wrong={wrong} faults={faults} fixed={template !== null} />
          <Will>
            <p>{template === null ? texts.putWillNew(id.trim() || "…") : texts.putWill}</p>
            {request !== null && (
              <Differences before={template === null ? [] : said(template)} after={said(request)} />
            )}
          </Will>
        </>
      )}
      write={() => {
        if (request === null) throw new Error("the form is not complete");
        return put.mutateAsync({
          params: { path: { template_id: id.trim() }, header: guard(template) },
          body: request,
        });
      }}
      after={(answer) => (
        <>
          <p>{texts.putDid}</p>
          <Facts
            facts={[
              [
                texts.id,
                <Id key="i" of={texts.id}>
                  {answer.template_id}
                </Id>,
              ],
              [texts.version, number(answer.version)],
            ]}
          />
        </>
      )}
    />
  );
}

interface Props {
  readonly form: TemplateForm;
  readonly onChange: (form: TemplateForm) => void;
  readonly wrong: Wrong;
  readonly faults: Faults;
}

function Fields({ fixed, ...props }: Props & { fixed: boolean }) {
  const texts = useTexts();
  const { form, onChange, wrong, faults } = props;
  const set = (part: Partial<TemplateForm>) => onChange({ ...form, ...part });
  return (
    <div className="form">
      <TextField
        label={texts.name}
        value={form.name}
        onChange={(name) => set({ name })}
        required
        maxLength={200}
        wrong={form.name !== "" && wrong.name ? texts.nameWrong : faults.of("name")}
      />
      <TextField
        label={texts.min}
        inputMode="decimal"
        value={form.min}
        onChange={(min) => set({ min })}
        required
        wrong={form.min !== "" && wrong.min ? texts.amountWrong : faults.of("min_fen")}
      />
      {!fixed && (
        <div className="across">
          <Segments
            label={texts.kind}
            options={(["amount", "rate"] as const).map((id) => ({ id, label: texts.kinds[id] }))}
            value={form.kind}
            onChange={(kind) => set({ kind })}
          />
        </div>
      )}
      <Worth {...props} />
      <ScopeFields
        scope={form.scope}
        onChange={(scope) => set({ scope })}
        wrong={wrong.skus ? "skus" : wrong.except ? "except" : null}
      />
      <div className="across">
        <TiersField value={form.tiers} onChange={(tiers) => set({ tiers })} wrong={faults.of("tiers")} />
      </div>
      <Valid {...props} />
      <TextField
        label={texts.total}
        note={texts.anyNote}
        inputMode="numeric"
        value={form.total}
        onChange={(total) => set({ total })}
        wrong={wrong.total ? texts.totalWrong : faults.of("limits.total")}
      />
      <TextField
        label={texts.perMember}
        note={texts.anyNote}
        inputMode="numeric"
        value={form.per_member}
        onChange={(per_member) => set({ per_member })}
        wrong={wrong.per_member ? texts.perMemberWrong : faults.of("limits.per_member")}
      />
      <div className="across row">
        <Segments
          label={texts.status}
          options={(["active", "paused"] as const).map((id) => ({ id, label: texts.statuses[id] }))}
          value={form.status}
          onChange={(status) => set({ status })}
        />
        <Checkbox selected={form.claimable} onChange={(claimable) => set({ claimable })}>
          {texts.claimable}
        </Checkbox>
        <Checkbox selected={form.exclusive} onChange={(exclusive) => set({ exclusive })}>
          {texts.exclusive}
        </Checkbox>
        <Checkbox selected={form.for_complaints} onChange={(for_complaints) => set({ for_complaints })}>
          {texts.forComplaints}
        </Checkbox>
      </div>
    </div>
  );
}

function Worth({ form, onChange, wrong, faults }: Props) {
  const texts = useTexts();
  const set = (part: Partial<TemplateForm>) => onChange({ ...form, ...part });
  if (form.kind === "amount")
    return (
      <TextField
        label={texts.face}
        inputMode="decimal"
        value={form.face}
        onChange={(face) => set({ face })}
        required
        wrong={form.face !== "" && wrong.face ? texts.amountWrong : faults.of("face_value_fen")}
      />
    );
  return (
    <>
      <TextField
        label={texts.rate}
        note={texts.rateNote}
        inputMode="decimal"
        value={form.rate}
        onChange={(rate) => set({ rate })}
        required
        wrong={form.rate !== "" && wrong.rate ? texts.rateWrong : faults.of("rate")}
      />
      <TextField
        label={texts.maxOff}
        inputMode="decimal"
        value={form.max_off}
        onChange={(max_off) => set({ max_off })}
        wrong={wrong.max_off ? texts.amountWrong : faults.of("max_off_fen")}
      />
    </>
  );
}

function Valid({ form, onChange, wrong, faults }: Props) {
  const texts = useTexts();
  const set = (part: Partial<TemplateForm>) => onChange({ ...form, ...part });
  return (
    <>
      <div className="across">
        <Segments
          label={texts.valid}
          options={(["days", "between"] as const).map((id) => ({ id, label: texts.validBy[id] }))}
          value={form.valid}
          onChange={(valid) => set({ valid })}
        />
      </div>
      {form.valid === "days" ? (
        <TextField
          label={texts.days}
          note={texts.daysNote}
          inputMode="numeric"
          value={form.days}
          onChange={(days) => set({ days })}
          required
          wrong={wrong.days ? texts.daysWrong : null}
        />
      ) : (
        <>
          <TextField
            label={texts.from}
            type="datetime-local"
            value={form.from}
            onChange={(from) => set({ from })}
            required
          />
          <TextField
            label={texts.until}
            type="datetime-local"
            value={form.until}
            onChange={(until) => set({ until })}
            required
            wrong={form.until !== "" && wrong.until ? texts.untilWrong : faults.of("valid")}
          />
        </>
      )}
    </>
  );
}
