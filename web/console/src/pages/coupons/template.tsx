import type { CodesAnswer, TemplateAnswer } from "@shared/api/schema";
import { csv, download } from "@shared/csv";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Meter, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { Answered } from "@shared/ui/states";
import { useState } from "react";
import { useParams } from "react-router";
import { Act, Will } from "../../parts/act";
import { Figure } from "../../parts/figure";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { useTexts as useMemberTexts } from "../members/texts";
import { againOf, batchOf, type CodesForm, codesOf } from "./form";
import { GiveCoupon } from "./give";
import { Put } from "./put";
import { useSaid } from "./said";
import { useTexts } from "./texts";

export default function TemplatePage() {
  const { templateId = "" } = useParams();
  const texts = useTexts();
  const template = useApi().useQuery("get", "/coupon-templates/{template_id}", {
    params: { path: { template_id: templateId } },
  });
  return (
    <div className="stack">
      <PageHead title={template.data?.name ?? texts.title} under={<Id of={texts.id}>{templateId}</Id>}>
        {template.data !== undefined && <Actions template={template.data} />}
      </PageHead>
      <Answered query={template} tall>
        {(found) => (
          <div className="beside">
            <About template={found} />
            <Claims template={found} />
          </div>
        )}
      </Answered>
    </div>
  );
}

function Actions({ template }: { template: TemplateAnswer }) {
  const texts = useTexts();
  const { give } = useMemberTexts();
  const can = useCan();
  const [open, setOpen] = useState<"make" | "see" | "give" | "put" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      {can("make_coupon_codes") && (
        <Button look="primary" onPress={() => setOpen("make")}>
          {texts.make}
        </Button>
      )}
      {can("make_coupon_codes") && <Button onPress={() => setOpen("see")}>{texts.see}</Button>}
      {can("issue_coupon") && <Button onPress={() => setOpen("give")}>{give}</Button>}
      {can("put_coupon_template") && <Button onPress={() => setOpen("put")}>{texts.put}</Button>}
      {open === "make" && <Make templateId={template.template_id} onClose={close} />}
      {open === "see" && <Again templateId={template.template_id} onClose={close} />}
      {open === "give" && <GiveCoupon templateId={template.template_id} onClose={close} />}
      {open === "put" && <Put template={template} onClose={close} />}
    </>
  );
}

function About({ template }: { template: TemplateAnswer }) {
  const texts = useTexts();
  const said = useSaid();
  const { number } = useWords();
  return (
    <Card
      title={texts.facts}
      aside={
        <Badge tone={template.status === "active" ? "good" : "warn"}>{texts.statuses[template.status]}</Badge>
      }
    >
      <Facts facts={[...said(template), [texts.version, number(template.version)]]} />
    </Card>
  );
}

function Claims({ template }: { template: TemplateAnswer }) {
  const texts = useTexts();
  const { number } = useWords();
  const { total } = template.limits;
  return (
    <Card title={texts.claimed}>
      <Figure name={texts.claimed} value={number(template.claimed)} />
      {total !== null && (
        <Meter
          label={texts.total}
          value={template.claimed}
          max={total}
          said={`${number(template.claimed)} / ${number(total)}`}
        />
      )}
      <p className="soft small-text">{texts.codesUnder}</p>
    </Card>
  );
}

function Make({ templateId, onClose }: { templateId: string; onClose: () => void }) {
  const texts = useTexts();
  const [base] = useState(() => newId("batch"));
  const [form, setForm] = useState<CodesForm>({ kind: "unique", count: "100", code: "", limit: "100" });
  const make = useApi().useMutation("post", "/coupon-templates/{template_id}/codes");
  const told = codesOf(form, batchOf(base, form));
  const wrong = "wrong" in told ? told.wrong : {};
  const set = (part: Partial<CodesForm>) => setForm({ ...form, ...part });
  return (
    <Act
      title={texts.make}
      action={texts.make}
      ready={"request" in told}
      labels={{ count: texts.count, code: texts.code, limit: texts.limit }}
      onClose={onClose}
      before={
        <>
          <Segments
            label={texts.makeKind}
            options={(["unique", "shared"] as const).map((id) => ({ id, label: texts.makeKinds[id] }))}
            value={form.kind}
            onChange={(kind) => set({ kind })}
          />
          {form.kind === "unique" ? (
            <TextField
              label={texts.count}
              inputMode="numeric"
              value={form.count}
              onChange={(count) => set({ count })}
              required
              wrong={wrong.count ? texts.countWrong : null}
            />
          ) : (
            <>
              <TextField
                label={texts.code}
                note={texts.codeNote}
                value={form.code}
                onChange={(code) => set({ code })}
                required
                wrong={form.code !== "" && wrong.code ? texts.codeWrong : null}
              />
              <TextField
                label={texts.limit}
                inputMode="numeric"
                value={form.limit}
                onChange={(limit) => set({ limit })}
                required
                wrong={wrong.limit ? texts.limitWrong : null}
              />
            </>
          )}
          <Will>
            <p>{texts.makeWill}</p>
          </Will>
        </>
      }
      write={() => {
        if (!("request" in told)) throw new Error("the form is not complete");
        return make.mutateAsync({ params: { path: { template_id: templateId } }, body: told.request });
      }}
      after={(answer) => <Codes answer={answer} />}
    />
  );
}

/** The codes that were made: to read, to copy, and as a file. */
function Codes({ answer }: { answer: CodesAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  return (
    <>
      <p>{texts.makeDid(number(answer.codes.length))}</p>
      <Facts
        facts={[
          [
            texts.batch,
            <Id key="b" of={texts.batch}>
              {answer.batch_id}
            </Id>,
          ],
          [
            texts.codes,
            answer.codes.length === 1 ? (
              <Id key="c" of={texts.code}>
                {answer.codes[0] ?? ""}
              </Id>
            ) : (
              <CopyAll key="c" of={texts.codes} text={answer.codes.join("\n")} />
            ),
          ],
        ]}
      />
      {answer.codes.length > 1 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <ol className="codes" aria-label={texts.codes} tabIndex={0}>
          {answer.codes.map((code) => (
            <li key={code} className="code">
              {code}
            </li>
          ))}
        </ol>
      )}
      <div>
        <Button
          small
          onPress={() =>
            download(
              `${answer.template_id}-${answer.batch_id}.csv`,
              csv([[texts.code], ...answer.codes.map((code) => [code])]),
            )
          }
        >
          {parts.exportCsv}
        </Button>
      </div>
      <p className="soft small-text">{texts.againNote}</p>
    </>
  );
}

function CopyAll({ of, text }: { of: string; text: string }) {
  const { ui } = useCommon();
  const [copied, setCopied] = useState(false);
  return (
    <Button small onPress={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}>
      {copied ? ui.copied : ui.copyOf(of)}
    </Button>
  );
}

/** Shows the codes of a batch again, by its number: what is sent again is answered the same (V10). */
function Again({ templateId, onClose }: { templateId: string; onClose: () => void }) {
  const texts = useTexts();
  const [batch, setBatch] = useState("");
  const ask = useApi().useMutation("post", "/coupon-templates/{template_id}/codes");
  const request = againOf(batch);
  return (
    <Act
      title={texts.see}
      action={texts.see}
      ready={request !== null}
      missing={[texts.batch]}
      labels={{ batch_id: texts.batch }}
      onClose={onClose}
      before={(faults) => (
        <>
          <TextField
            label={texts.batch}
            note={texts.batchNote}
            value={batch}
            onChange={setBatch}
            required
            maxLength={255}
            wrong={batch !== "" && request === null ? texts.batchWrong : faults.of("batch_id")}
          />
          <Will>
            <p>{texts.seeWill}</p>
          </Will>
        </>
      )}
      write={() => {
        if (request === null) throw new Error("the form is not complete");
        return ask.mutateAsync({ params: { path: { template_id: templateId } }, body: request });
      }}
      after={(answer) => <Codes answer={answer} />}
    />
  );
}
