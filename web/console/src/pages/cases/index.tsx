import type { CaseAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useApi } from "@shared/session/context";
import { PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Checkbox, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Empty } from "@shared/ui/states";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useParts } from "../../parts/texts";
import { CasesTable } from "./table";
import { useTexts } from "./texts";

const STATES: readonly CaseAnswer["state"][] = [
  "requested",
  "disputed",
  "approved",
  "shipped_back",
  "answered",
  "refused",
  "withdrawn",
  "closed",
];

export default function Cases() {
  const texts = useTexts();
  const { caseState } = useCommon();
  const [query, setQuery] = useSearchParams();
  const state = STATES.find((each) => each === query.get("state")) ?? null;
  const overdue = query.get("overdue") === "true";
  const cases = useApi().useInfiniteQuery(
    "get",
    "/cases",
    {
      params: { query: { ...(state !== null && { state }), ...(overdue && { overdue: "true" as const }) } },
    },
    PAGED,
  );
  const set = (nextState: string | null, late: boolean) =>
    setQuery({ ...(nextState !== null && { state: nextState }), ...(late && { overdue: "true" }) });
  return (
    <div className="stack">
      <PageHead title={texts.title} under={state === null ? texts.under : caseState[state]} />
      <Find />
      <div className="filters">
        <Select
          label={texts.states}
          options={[{ id: "us", label: texts.onUs }, ...STATES.map((id) => ({ id, label: caseState[id] }))]}
          value={state ?? "us"}
          onChange={(next) => set(next === "us" ? null : next, overdue)}
        />
        <div className="beneath-label">
          <Checkbox selected={overdue} onChange={(next) => set(state, next)}>
            {texts.overdueOnly}
          </Checkbox>
        </div>
      </div>
      <Pages query={cases} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => <CasesTable caption={texts.title} cases={items} />}
      </Pages>
    </div>
  );
}

const CASE = /^(?:cas_)?([a-z2-7]{26})$/i;

function Find() {
  const texts = useTexts();
  const parts = useParts();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <search>
      <form
        className="finder"
        onSubmit={(event) => {
          event.preventDefault();
          const found = CASE.exec(typed.trim());
          setWrong(found === null);
          if (found !== null) void navigate(`/cases/cas_${(found[1] ?? "").toLowerCase()}`);
        }}
      >
        <TextField
          label={texts.find}
          note={texts.findNote}
          value={typed}
          onChange={(next) => {
            setTyped(next);
            setWrong(false);
          }}
          wrong={wrong ? texts.findWrong : null}
          type="search"
          maxLength={255}
        />
        <Button type="submit">{parts.find}</Button>
      </form>
    </search>
  );
}
