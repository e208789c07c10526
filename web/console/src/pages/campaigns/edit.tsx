import type { CampaignAnswer, CampaignRequest } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Card, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Choices, TextField } from "@shared/ui/fields";
import { Answered } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { Act, Will } from "../../parts/act";
import { Differences } from "../../parts/differences";
import { guard, useRefused } from "../../parts/guarded";
import { useSettled } from "../../parts/settled";
import { useCan } from "../../rights";
import { isSku } from "../products/form";
import { Became } from "./campaign";
import { Fields } from "./fields";
import { type CampaignForm, type Field, formOf, KINDS, type Kind, newForm, requestOf } from "./form";
import { useLabels } from "./labels";
import { Preview } from "./preview";
import { useSaid } from "./said";
import { useTexts } from "./texts";

/** What a line's price may be of besides campaigns (V1). */
const RESERVED = ["list", "member_day"];

export default function CampaignEdit() {
  const { campaignId } = useParams();
  return campaignId === undefined ? <New /> : <Existing campaignId={campaignId} />;
}

function New() {
  const texts = useTexts();
  const { campaignKind } = useCommon();
  const [id, setId] = useState("");
  const [form, setForm] = useState<CampaignForm>(() => newForm("discount"));
  const right = isSku(id.trim()) && !RESERVED.includes(id.trim());
  const taken = useTaken(id.trim(), right);
  return (
    <div className="stack">
      <PageHead title={texts.create} under={texts.storeTime} />
      <Card title={texts.campaign}>
        <TextField
          label={texts.id}
          note={texts.idNote}
          value={id}
          onChange={setId}
          required
          wrong={id !== "" && !right ? texts.idWrong : right ? taken : null}
        />
        <Choices<Kind>
          row
          label={texts.kind}
          options={KINDS.map((kind) => ({
            id: kind,
            label: campaignKind[kind],
            note: texts.kindNotes[kind],
          }))}
          value={form.kind}
          onChange={(kind) => setForm({ ...form, kind })}
        />
      </Card>
      <Editor id={right ? id.trim() : null} form={form} onChange={setForm} former={null} />
    </div>
  );
}

/** Says so at the field where there is one of this id; the put sees to it in any case. */
function useTaken(id: string, right: boolean): string | null {
  const texts = useTexts();
  const settled = useSettled(id);
  const { data } = useApi().useQuery(
    "get",
    "/campaigns/{campaign_id}",
    { params: { path: { campaign_id: settled } } },
    { enabled: right && isSku(settled), retry: false },
  );
  return data !== undefined && settled === id ? texts.taken(data.name) : null;
}

function Existing({ campaignId }: { campaignId: string }) {
  const texts = useTexts();
  const campaign = useApi().useQuery("get", "/campaigns/{campaign_id}", {
    params: { path: { campaign_id: campaignId } },
  });
  return (
    <div className="stack">
      <PageHead title={`${texts.edit} · ${campaign.data?.name ?? campaignId}`} under={texts.storeTime} />
      <Answered query={campaign} tall>
        {(found) => <Loaded former={found} />}
      </Answered>
    </div>
  );
}

function Loaded({ former }: { former: CampaignAnswer }) {
  const { zone } = useWords();
  // What is being typed stays, whatever is read of the campaign meanwhile.
  const [begun] = useState(former);
  const [form, setForm] = useState<CampaignForm>(() => formOf(begun, zone));
  return <Editor id={begun.campaign_id} form={form} onChange={setForm} former={begun} />;
}

function Editor({
  id,
  form,
  onChange,
  former,
}: {
  id: string | null;
  form: CampaignForm;
  onChange: (form: CampaignForm) => void;
  former: CampaignAnswer | null;
}) {
  const texts = useTexts();
  const can = useCan();
  const { zone } = useWords();
  const [asking, setAsking] = useState<CampaignRequest | null>(null);
  const labels = useLabels();
  const { list } = useWords();
  const { ui } = useCommon();
  const told = requestOf(form, zone);
  const request = "request" in told ? told.request : null;
  const wrong = "wrong" in told ? told.wrong : {};
  const missing = [
    ...(id === null ? [texts.id] : []),
    ...Object.keys(wrong).map((field) => labels.typed[field as Field]),
  ];
  return (
    <>
      <Fields form={form} onChange={onChange} wrong={wrong} />
      {can("preview_campaign") && <Preview id={id} request={request} />}
      <div className="row end">
        {missing.length > 0 && <p className="soft small-text">{ui.missing(list([...new Set(missing)]))}</p>}
        <Button
          look="primary"
          isDisabled={id === null || request === null}
          onPress={() => setAsking(request)}
        >
          {texts.review}
        </Button>
      </div>
      {asking !== null && id !== null && (
        <Put id={id} request={asking} former={former} onClose={() => setAsking(null)} />
      )}
    </>
  );
}

function Put({
  id,
  request,
  former,
  onClose,
}: {
  id: string;
  request: CampaignRequest;
  former: CampaignAnswer | null;
  onClose: () => void;
}) {
  const texts = useTexts();
  const navigate = useNavigate();
  const said = useSaid();
  const [done, setDone] = useState(false);
  const labels = useLabels();
  const cache = useQueryClient();
  const to = `/campaigns/${encodeURIComponent(id)}`;
  const refused = useRefused(id, to, () => {
    void cache.invalidateQueries();
    navigate(to);
  });
  const put = useApi().useMutation("put", "/campaigns/{campaign_id}");
  return (
    <Act
      title={former === null ? texts.create : `${texts.edit} · ${former.name}`}
      action={former === null ? texts.create : texts.edit}
      wide
      labels={labels.sent}
      refused={refused}
      onClose={() => (done ? navigate(to) : onClose())}
      before={
        <Will>
          <p>{former === null ? texts.putWillNew(id) : texts.putWill}</p>
          {request.kind === "flash" && <p>{texts.setAside}</p>}
          <Differences before={former === null ? [] : said(former)} after={said(request)} />
        </Will>
      }
      write={async () => {
        const answer = await put.mutateAsync({
          params: { path: { campaign_id: id }, header: guard(former) },
          body: request,
        });
        setDone(true);
        return answer;
      }}
      after={(answer) => <Became campaign={answer} said={texts.putDid} />}
    />
  );
}
