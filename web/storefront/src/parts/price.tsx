import type { ProductAnswer } from "@shared/api/schema";
import { Money } from "@shared/ui/bits";
import { useTexts } from "../messages/texts";
import { isCheaper, useWhy } from "../shop";

/** A product's price for this member, and why it is that. */
export function Price({ product, large = false }: { product: ProductAnswer; large?: boolean }) {
  const texts = useTexts().catalogue;
  const why = useWhy();
  return (
    <div className={large ? "price large" : "price"}>
      <span className="hidden">{texts.yourPrice} </span>
      <strong>
        <Money fen={product.your_price_fen} />
      </strong>
      {isCheaper(product) && (
        <>
          {" "}
          <span className="struck">
            <span className="hidden">{texts.listPrice} </span>
            <Money fen={product.price_fen} />
          </span>
          <span className="badge accent">{why(product.price_of)}</span>
        </>
      )}
    </div>
  );
}
