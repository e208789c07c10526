/**
 * A product's picture: a seal with its first character. The API has no pictures; a shop puts its own here, from its
 * own origin, since the pages' policy loads none from elsewhere.
 */
const GROUNDS = 6;

export function Seal({ sku, name, large = false }: { sku: string; name: string; large?: boolean }) {
  const ground = [...sku].reduce((sum, sign) => (sum * 31 + (sign.codePointAt(0) ?? 0)) % 9973, 7) % GROUNDS;
  const [first = "茶"] = [...name.trim()];
  return (
    <svg className={`seal ground-${ground}${large ? " large" : ""}`} viewBox="0 0 100 100" aria-hidden="true">
      <rect className="paper" width="100" height="100" />
      <circle className="moon" cx="74" cy="28" r="34" />
      <path className="hill" d="M0 78 C20 56 38 60 52 74 C66 58 84 60 100 70 V100 H0 Z" />
      <text x="50" y="60" textAnchor="middle">
        {first.toUpperCase()}
      </text>
    </svg>
  );
}
