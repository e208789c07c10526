import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Facts, Id, Moment } from "@shared/ui/bits";
import { TextField } from "@shared/ui/fields";
import { useState } from "react";
import { Act, Will } from "../../parts/act";
import { useParts } from "../../parts/texts";
import { useTexts } from "../members/texts";

/** Gives one coupon of a template to one member; what is not known yet of either is asked. */
export function GiveCoupon({
  memberId = "",
  templateId = "",
  onClose,
}: {
  memberId?: string;
  templateId?: string;
  onClose: () => void;
}) {
  const texts = useTexts();
  const parts = useParts();
  const [issueId] = useState(() => newId("issue"));
  const [member, setMember] = useState(memberId);
  const [template, setTemplate] = useState(templateId);
  const issue = useApi().useMutation("post", "/members/{member_id}/coupons");
  const ready = member.trim() !== "" && template.trim() !== "";
  return (
    <Act
      title={texts.give}
      action={texts.give}
      ready={ready}
      onClose={onClose}
      before={
        <>
          <TextField
            label={parts.member}
            value={member}
            onChange={setMember}
            required
            disabled={memberId !== ""}
            maxLength={128}
          />
          <TextField
            label={texts.template}
            value={template}
            onChange={setTemplate}
            required
            disabled={templateId !== ""}
            maxLength={64}
          />
          <Will>
            <p>{texts.giveWill}</p>
          </Will>
        </>
      }
      write={() =>
        issue.mutateAsync({
          params: { path: { member_id: member.trim() } },
          body: { issue_id: issueId, template_id: template.trim() },
        })
      }
      after={(answer) => (
        <>
          <p>{texts.giveDid}</p>
          <Facts
            facts={[
              [
                texts.couponId,
                <Id key="c" of={texts.couponId}>
                  {answer.coupon_id}
                </Id>,
              ],
              [
                texts.issueId,
                <Id key="i" of={texts.issueId}>
                  {issueId}
                </Id>,
              ],
              [
                texts.valid,
                <span key="v">
                  <Moment at={answer.valid_from} /> – <Moment at={answer.valid_until} />
                </span>,
              ],
            ]}
          />
        </>
      )}
    />
  );
}
