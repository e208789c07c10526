import type { PolicyAnswer, PolicyCheckAnswer, SettingAnswer } from "@shared/api/schema";
import { createTexts, useWords } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";
import { useApi } from "@shared/session/context";
import { Card, Id, Notice, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { TextField } from "@shared/ui/fields";
import { Answered, Empty, Failure } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { Tabs } from "../parts/tabs";
import { useParts } from "../parts/texts";
import { useSettingName } from "./policy-words";

const zh = {
  title: "规则",
  under: "规则只随部署生效，由负责部署的技术人员完成：在这里核对通过后，把文件交给他们",
  version: "版本",
  tabsLabel: "规则",
  tabs: { settings: "现行设置", file: "规则文件", check: "核对修改" },
  find: "查找设置",
  setting: "设置",
  value: "值",
  none: "没有这样的设置",
  noneHere: "换个词再找。",
  toml: "规则文件（TOML，最多 64 kB）",
  tomlNote: "粘贴或选择文件；核对不会保存或改变任何东西",
  file: "选择文件",
  start: "从现行规则开始",
  tooLarge: "文件超过 64 kB",
  check: "核对",
  valid: (version: string) => `可以部署，版本将是 ${version}`,
  same: "与现行规则完全相同",
  changes: "会改变的设置",
  invalid: "不能部署：有错误",
  field: "位置",
  message: "错误",
};

const en: Form<typeof zh> = {
  title: "Policy",
  under: "It comes into force by a deployment alone: check a change here, then hand its file to who deploys",
  version: "Version",
  tabsLabel: "Policy",
  tabs: { settings: "What stands", file: "Its file", check: "Check a change" },
  find: "Find a setting",
  setting: "Setting",
  value: "Value",
  none: "There is no such setting",
  noneHere: "Look for another word.",
  toml: "Policy (TOML, 64 kB at most)",
  tomlNote: "Paste it or choose a file; a check keeps and changes nothing",
  file: "Choose a file",
  start: "Begin with what stands",
  tooLarge: "The file has more than 64 kB",
  check: "Check",
  valid: (version) => `It can be deployed, and will be version ${version}`,
  same: "It is what stands",
  changes: "Settings that change",
  invalid: "It cannot be deployed: it is not right",
  field: "Where",
  message: "What",
};

const useTexts = createTexts(zh, en);
const BYTES_MAX = 65_536;
const FEN = /_fen(\.|$)/;

export default function Policy() {
  const texts = useTexts();
  const policy = useApi().useQuery("get", "/policy");
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under} />
      <Answered query={policy} tall>
        {(found) => (
          <>
            <div className="row">
              <span className="soft">{texts.version}</span>
              <Id of={texts.version}>{found.version}</Id>
            </div>
            <Tabs
              label={texts.tabsLabel}
              tabs={[
                { id: "settings", label: texts.tabs.settings, panel: () => <Settings policy={found} /> },
                {
                  id: "file",
                  label: texts.tabs.file,
                  panel: () => (
                    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
                    <section className="plain-text" aria-label={texts.tabs.file} tabIndex={0}>
                      {found.toml}
                    </section>
                  ),
                },
                { id: "check", label: texts.tabs.check, panel: () => <Check policy={found} /> },
              ]}
            />
          </>
        )}
      </Answered>
    </div>
  );
}

/** Says a setting's value as it is read: amounts in yuan, and a dash for what is not there. */
function useSaid(): (setting: string, value: SettingAnswer["value"]) => string {
  const parts = useParts();
  const { yuan } = useWords();
  return (setting, value) => {
    if (value === null) return "—";
    if (typeof value === "boolean") return value ? parts.yes : parts.no;
    return typeof value === "number" && FEN.test(setting) ? yuan(value) : String(value);
  };
}

/** A setting by its name, and as the file and the API call it. */
function Setting({ id }: { id: string }) {
  const name = useSettingName()(id);
  return (
    <>
      {name !== null && <div>{name}</div>}
      <span className={name === null ? "code" : "code small-text soft"}>{id}</span>
    </>
  );
}

function Settings({ policy }: { policy: PolicyAnswer }) {
  const texts = useTexts();
  const said = useSaid();
  const nameOf = useSettingName();
  const [typed, setTyped] = useState("");
  const sought = typed.trim().toLowerCase();
  const found = policy.settings.filter((each) =>
    `${each.setting} ${nameOf(each.setting) ?? ""}`.toLowerCase().includes(sought),
  );
  return (
    <div className="stack">
      <div className="filters">
        <TextField label={texts.find} type="search" value={typed} onChange={setTyped} />
      </div>
      {found.length === 0 ? (
        <Empty title={texts.none}>{texts.noneHere}</Empty>
      ) : (
        <Table
          caption={texts.tabs.settings}
          rows={found}
          keyOf={(each) => each.setting}
          columns={[
            {
              id: "setting",
              title: texts.setting,
              head: true,
              cell: (each) => <Setting id={each.setting} />,
            },
            { id: "value", title: texts.value, end: true, cell: (each) => said(each.setting, each.value) },
          ]}
        />
      )}
    </div>
  );
}

function Check({ policy }: { policy: PolicyAnswer }) {
  const texts = useTexts();
  const [toml, setToml] = useState("");
  const check = useApi().useMutation("post", "/policy/check");
  const large = new TextEncoder().encode(toml).length > BYTES_MAX;
  return (
    <Card>
      <TextField
        label={texts.toml}
        note={texts.tomlNote}
        lines={14}
        value={toml}
        onChange={setToml}
        wrong={large ? texts.tooLarge : null}
      />
      <div className="row">
        <Button
          look="primary"
          isPending={check.isPending}
          isDisabled={toml.trim() === "" || large}
          onPress={() => check.mutate({ body: { toml } })}
        >
          {texts.check}
        </Button>
        <Button onPress={() => setToml(policy.toml)}>{texts.start}</Button>
        <label className="button file">
          {texts.file}
          <input
            type="file"
            accept=".toml,text/plain"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              if (file !== undefined) void file.text().then(setToml);
            }}
          />
        </label>
      </div>
      {check.isError && <Failure error={check.error} />}
      {check.data !== undefined && <Checked answer={check.data} />}
    </Card>
  );
}

function Checked({ answer }: { answer: PolicyCheckAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const said = useSaid();
  const { number } = useWords();
  if (!answer.valid)
    return (
      <>
        <Notice tone="bad" head={texts.invalid} />
        <Table
          caption={texts.invalid}
          rows={answer.errors}
          keyOf={(each) => `${each.field}-${each.message}`}
          columns={[
            {
              id: "field",
              title: texts.field,
              head: true,
              cell: (each) => <Setting id={each.field} />,
            },
            { id: "message", title: texts.message, cell: (each) => each.message },
          ]}
        />
      </>
    );
  return (
    <>
      <Notice tone="good" head={texts.valid(answer.version ?? "")}>
        <p>
          {answer.changes.length === 0 ? texts.same : `${texts.changes}: ${number(answer.changes.length)}`}
        </p>
      </Notice>
      {answer.changes.length > 0 && (
        <Table
          caption={texts.changes}
          rows={answer.changes}
          keyOf={(each) => each.setting}
          columns={[
            {
              id: "setting",
              title: texts.setting,
              head: true,
              cell: (each) => <Setting id={each.setting} />,
            },
            { id: "from", title: parts.before, cell: (each) => said(each.setting, each.from) },
            { id: "to", title: parts.after, cell: (each) => said(each.setting, each.to) },
          ]}
        />
      )}
    </>
  );
}
