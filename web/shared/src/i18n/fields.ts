/** What the API says of a field, in the page's language (K3). The API says it in English. */
import { fieldMessages } from "./fields.zh";
import type { Language } from "./language";

const HOLE = "{}";
/** Between what each of several things would have asked for. */
const OR = ", or ";
const CHINESE_OR = "，或";
const NOT_KNOWN = "格式不对";

/** Messages with holes, those that say most first: "must be {}" would take many others in. */
const TEMPLATES = Object.entries(fieldMessages)
  .filter(([english]) => english.includes(HOLE))
  .sort(([one], [other]) => other.length - one.length)
  .map(([english, chinese]) => {
    const pattern = english.split(HOLE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return { pattern: new RegExp(`^${pattern.join("(.+)")}$`, "s"), chinese };
  });

/** Returns a message in a language. One that this page does not know says in Chinese only that there is a fault. */
export function fieldMessage(english: string, language: Language): string {
  if (language === "en") return english;
  return (
    whole(english) ??
    english
      .split(OR)
      .map((part) => whole(part) ?? NOT_KNOWN)
      .join(CHINESE_OR)
  );
}

function whole(english: string): string | null {
  const exact = fieldMessages[english];
  if (exact !== undefined) return exact;
  // What is joined stands in no hole: the parts are looked up one by one.
  if (english.includes(OR)) return null;
  for (const { pattern, chinese } of TEMPLATES) {
    const found = pattern.exec(english);
    if (found !== null) {
      const told = found.slice(1).map((part) => part.replaceAll(" or ", " 或 ").replaceAll(", ", "、"));
      return chinese.split(HOLE).reduce((said, part, index) => `${said}${told[index - 1]}${part}`);
    }
  }
  return null;
}
