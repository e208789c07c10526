import type { FoundAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useApi } from "@shared/session/context";
import { Card, Day, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { TextField } from "@shared/ui/fields";
import { Empty, Failure, Loading } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useEffect, useState } from "react";
import { MemberRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { takeHanded } from "./handed";
import { type Sought, soughtIn } from "./search";
import { useTexts } from "./texts";

const LIMIT = 20;

interface Found {
  readonly sought: Sought;
  readonly items: readonly FoundAnswer[];
  readonly cursor: string | null;
}

/** What is sought stays in this page's memory: it is personal, and an address is kept by browsers and logs (K8). */
export default function Members() {
  const texts = useTexts();
  const parts = useParts();
  const { ui } = useCommon();
  const [handed] = useState(takeHanded);
  const [typed, setTyped] = useState(handed ?? "");
  const [found, setFound] = useState<Found | null>(null);
  const search = useApi().useMutation("post", "/members/search");
  const sought = soughtIn(typed);

  async function read(by: Sought, cursor: string | null, former: readonly FoundAnswer[]) {
    const page = await search.mutateAsync({
      body: { ...by, limit: LIMIT, ...(cursor !== null && { cursor }) },
    });
    setFound({ sought: by, items: [...former, ...page.items], cursor: page.next_cursor });
  }
  // A failure is shown from the mutation's own state.
  const ask = (by: Sought, cursor: string | null = null, former: readonly FoundAnswer[] = []) =>
    void read(by, cursor, former).catch(() => undefined);

  // What was typed into the orders' field is looked for at once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is gone to
  useEffect(() => {
    if (handed !== null && sought !== null) ask(sought);
  }, [handed]);

  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under} />
      <search>
        <form
          className="finder"
          onSubmit={(event) => {
            event.preventDefault();
            setFound(null);
            if (sought !== null) ask(sought);
          }}
        >
          <TextField
            label={texts.find}
            note={sought === null ? texts.findNote : texts.took[whatOf(sought)]}
            value={typed}
            onChange={setTyped}
            type="search"
            maxLength={128}
          />
          <Button type="submit" isPending={search.isPending}>
            {parts.find}
          </Button>
        </form>
      </search>
      {search.isError && sought !== null && (
        <Failure error={search.error} again={() => ask(sought, found?.cursor ?? null, found?.items ?? [])} />
      )}
      {found === null ? (
        search.isPending ? (
          <Loading tall />
        ) : (
          !search.isError && <Empty title={texts.begin}>{texts.beginHere}</Empty>
        )
      ) : found.items.length === 0 && found.cursor === null ? (
        <Empty title={texts.none}>{texts.noneHere}</Empty>
      ) : (
        <Card title={texts.took[whatOf(found.sought)]}>
          <FoundTable found={found.items} />
          {found.cursor !== null && (
            <div className="row">
              <Button
                isPending={search.isPending}
                onPress={() => ask(found.sought, found.cursor, found.items)}
              >
                {ui.more}
              </Button>
            </div>
          )}
        </Card>
      )}
    </div>
  );
}

function whatOf(sought: Sought): "member_id" | "phone" | "name_prefix" {
  return "member_id" in sought ? "member_id" : "phone" in sought ? "phone" : "name_prefix";
}

function FoundTable({ found }: { found: readonly FoundAnswer[] }) {
  const texts = useTexts();
  return (
    <Table
      caption={texts.title}
      rows={found}
      keyOf={(each) => each.member_id}
      columns={[
        { id: "name", title: texts.name, head: true, cell: (each) => each.name },
        { id: "id", title: texts.member, cell: (each) => <MemberRef id={each.member_id} /> },
        { id: "phone", title: texts.phone, cell: (each) => each.phone ?? "—" },
        { id: "tier", title: texts.tier, cell: (each) => each.tier },
        { id: "registered", title: texts.registered, cell: (each) => <Day at={each.registered_at} /> },
      ]}
    />
  );
}
