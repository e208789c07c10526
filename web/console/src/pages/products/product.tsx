import type { MovementAnswer, ProductAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Moment, Money, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered, Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { useParams } from "react-router";
import { History } from "../../parts/history";
import { CampaignRef, OperatorRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { ORDERS_A_ROW } from "./form";
import { useTexts } from "./texts";
import { Move, Put } from "./writes";

export default function ProductPage() {
  const { sku = "" } = useParams();
  const texts = useTexts();
  const product = useApi().useQuery("get", "/products/{sku}", { params: { path: { sku } } });
  return (
    <div className="stack">
      <PageHead title={product.data?.name ?? texts.product} under={<Id of={texts.sku}>{sku}</Id>}>
        {product.data !== undefined && <Actions product={product.data} />}
      </PageHead>
      <Answered query={product} tall>
        {(found) => (
          <div className="beside">
            <Movements product={found} />
            <About product={found} />
          </div>
        )}
      </Answered>
    </div>
  );
}

function Actions({ product }: { product: ProductAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const [open, setOpen] = useState<"move" | "put" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      {can("move_stock") && (
        <Button look="primary" onPress={() => setOpen("move")}>
          {texts.move}
        </Button>
      )}
      {can("put_product") && (
        <Button look={can("move_stock") ? "plain" : "primary"} onPress={() => setOpen("put")}>
          {texts.put}
        </Button>
      )}
      {open === "move" && <Move product={product} onClose={close} />}
      {open === "put" && <Put product={product} onClose={close} />}
    </>
  );
}

function About({ product }: { product: ProductAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const { number } = useWords();
  const some = (count: number | null | undefined) => (count == null ? "—" : number(count));
  return (
    <Card
      title={texts.facts}
      aside={
        <Badge tone={product.status === "on_sale" ? "good" : "plain"}>{texts.statuses[product.status]}</Badge>
      }
    >
      <Facts
        facts={[
          [texts.price, <Money key="p" fen={product.price_fen} />],
          [texts.memberZone, product.member_zone ? parts.yes : parts.no],
          [texts.stock, some(product.stock)],
          ...Object.entries(product.set_aside ?? {}).map(
            ([campaign, units]) =>
              [
                <span key={campaign}>
                  {texts.aside} <CampaignRef id={campaign} />
                </span>,
                number(units),
              ] as const,
          ),
          [texts.threshold, some(product.low_stock_threshold)],
          [texts.noReason, product.no_reason === false ? parts.no : parts.yes],
          [
            texts.rowsNow,
            product.stock_rows_now == null ? "—" : number(product.stock_rows_now * ORDERS_A_ROW),
          ],
        ]}
      />
      <History by="sku" id={product.sku} />
      {product.stock === 0 && !can("move_stock") && <p className="soft small-text">{texts.askForStock}</p>}
    </Card>
  );
}

function Movements({ product }: { product: ProductAnswer }) {
  const { sku } = product;
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const movements = useApi().useInfiniteQuery(
    "get",
    "/products/{sku}/movements",
    { params: { path: { sku } } },
    PAGED,
  );
  return (
    <Card title={texts.movements}>
      <Pages query={movements} empty={<Empty title={texts.noMovements}>{texts.noMovementsHere}</Empty>}>
        {(items) => (
          <>
            <Table
              caption={texts.movements}
              rows={items}
              keyOf={(each) => each.movement_id}
              columns={[
                {
                  id: "id",
                  title: texts.movementId,
                  head: true,
                  cell: (each) => <Id of={texts.movementId}>{each.movement_id}</Id>,
                },
                { id: "at", title: parts.at, cell: (each) => <Moment at={each.moved_at} /> },
                {
                  id: "delta",
                  title: parts.change,
                  end: true,
                  cell: (each) => (each.delta > 0 ? `+${number(each.delta)}` : number(each.delta)),
                },
                {
                  id: "reason",
                  title: parts.reason,
                  cell: (each) => <span className="words">{each.reason}</span>,
                },
                {
                  id: "by",
                  title: texts.operator,
                  cell: (each) => <OperatorRef id={each.operator} name={each.operator_name ?? null} />,
                },
              ]}
            />
            {!movements.hasNextPage && <Sums product={product} movements={items} />}
          </>
        )}
      </Pages>
      <p className="soft small-text">{texts.movementsNote}</p>
    </Card>
  );
}

/** How what was moved by hand comes to what is there: the difference is what orders have taken and given back. */
function Sums({ product, movements }: { product: ProductAnswer; movements: readonly MovementAnswer[] }) {
  const texts = useTexts();
  const { number } = useWords();
  if (product.stock == null) return null;
  const moved = movements.reduce((sum, each) => sum + each.delta, 0);
  const aside = Object.values(product.set_aside ?? {}).reduce((sum, units) => sum + units, 0);
  return (
    <Facts
      sums
      facts={[
        [texts.movedTotal, number(moved)],
        [texts.takenByOrders, number(product.stock + aside - moved)],
        aside === 0 ? null : [texts.setAsideTotal, number(-aside)],
        [texts.stock, number(product.stock)],
      ]}
    />
  );
}
