import type { ReactNode } from "react";
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from "react-aria-components";

export interface TabOf {
  readonly id: string;
  readonly label: string;
  readonly panel: () => ReactNode;
}

/** Parts of a page, one at a time; what is not looked at is not read. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: readonly TabOf[];
  selected?: string | undefined;
  onSelect?: (id: string) => void;
}) {
  return (
    <AriaTabs
      className="tabs"
      {...(selected !== undefined && { selectedKey: selected })}
      {...(onSelect !== undefined && { onSelectionChange: (key) => onSelect(String(key)) })}
    >
      <TabList className="tablist" aria-label={label}>
        {tabs.map((each) => (
          <Tab key={each.id} id={each.id} className="tab">
            {each.label}
          </Tab>
        ))}
      </TabList>
      {tabs.map((each) => (
        <TabPanel key={each.id} id={each.id} className="tabpanel">
          {each.panel()}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
