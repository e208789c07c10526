import type { TemplateAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Facts, Id } from "@shared/ui/bits";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { useState } from "react";
import { Act, Will } from "../../parts/act";
import { Differences } from "../../parts/differences";
import { ScopeFields } from "../../parts/scope-fields";
import { useParts } from "../../parts/texts";
import { isSku } from "../products/form";
import { formOf, NEW, requestOf, type TemplateForm, type Wrong } from "./form";
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
  return (
    <Act
      title={title}
      action={title}
      wide
      ready={request !== null && isSku(id.trim())}
      onClose={onClose}
      before={
        <>
          {template === null && (
            <TextField
              label={texts.id}
              note={texts.idNote}
              value={id}
              onChange={setId}
              required
              wrong={id !== "" && !isSku(id.trim()) ? texts.idWrong : null}
            />
          )}
          <Fields
            form={form}
            onChange={setForm}
            wrong={"wrong" in told ? told.wrong : {}}
            fixed={template !== null}
          />
          <Will>
            <p>{template === null ? texts.putWillNew(id.trim() || "…") : texts.putWill}</p>
            {request !== null && (
              <Differences before={template === null ? [] : said(template)} after={said(request)} />
            )}
          </Will>
        </>
      }
      write={() => {
        if (request === null) throw new Error("the form is not complete");
        return put.mutateAsync({ params: { path: { template_id: id.trim() } }, body: request });
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
}

function Fields({ fixed, ...props }: Props & { fixed: boolean }) {
  const texts = useTexts();
  const parts = useParts();
  const { form, onChange, wrong } = props;
  const set = (part: Partial<TemplateForm>) => onChange({ ...form, ...part });
  return (
    <div className="form">
      <TextField
        label={texts.name}
        value={form.name}
        onChange={(name) => set({ name })}
        required
        maxLength={200}
      />
      <TextField
        label={texts.min}
        inputMode="decimal"
        value={form.min}
        onChange={(min) => set({ min })}
        required
        wrong={form.min !== "" && wrong.min ? texts.amountWrong : null}
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
      <TextField
        label={parts.tiers}
        note={parts.tiersNote}
        value={form.tiers}
        onChange={(tiers) => set({ tiers })}
      />
      <Valid {...props} />
      <TextField
        label={texts.total}
        note={texts.anyNote}
        inputMode="numeric"
        value={form.total}
        onChange={(total) => set({ total })}
        wrong={wrong.total ? texts.totalWrong : null}
      />
      <TextField
        label={texts.perMember}
        note={texts.anyNote}
        inputMode="numeric"
        value={form.per_member}
        onChange={(per_member) => set({ per_member })}
        wrong={wrong.per_member ? texts.perMemberWrong : null}
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

function Worth({ form, onChange, wrong }: Props) {
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
        wrong={form.face !== "" && wrong.face ? texts.amountWrong : null}
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
        wrong={form.rate !== "" && wrong.rate ? texts.rateWrong : null}
      />
      <TextField
        label={texts.maxOff}
        inputMode="decimal"
        value={form.max_off}
        onChange={(max_off) => set({ max_off })}
        wrong={wrong.max_off ? texts.amountWrong : null}
      />
    </>
  );
}

function Valid({ form, onChange, wrong }: Props) {
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
            wrong={form.until !== "" && wrong.until ? texts.untilWrong : null}
          />
        </>
      )}
    </>
  );
}
