import { useCommon } from "../i18n/common";
import { useWords } from "../i18n/i18n";
import type { Language } from "../i18n/language";
import { Segments } from "./fields";
import { THEMES, useTheme } from "./theme";

const LANGUAGES: readonly { id: Language; label: string }[] = [
  { id: "zh-CN", label: "中文" },
  { id: "en", label: "English" },
];

/** The language and the look, both changed at once, without a reload. */
export function Settings() {
  const { ui } = useCommon();
  const { language, setLanguage } = useWords();
  const { theme, setTheme } = useTheme();
  return (
    <div className="row">
      <Segments label={ui.language} options={LANGUAGES} value={language} onChange={setLanguage} />
      <Segments
        label={ui.theme}
        options={THEMES.map((id) => ({ id, label: ui.themes[id] }))}
        value={theme}
        onChange={setTheme}
      />
    </div>
  );
}
