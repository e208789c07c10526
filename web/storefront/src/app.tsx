import { Chart } from "@shared/chart/chart";
import { Button } from "@shared/ui/button";
import { Dialog } from "@shared/ui/dialog";
import { Choices, Checkbox, Segments, Select, Stepper, TextField } from "@shared/ui/fields";
import { Meter } from "@shared/ui/bits";
import { useState } from "react";
export function App() {
  const [open, setOpen] = useState(false);
  const [v, setV] = useState("a"); const [n, setN] = useState(1); const [c, setC] = useState(false);
  const options = [{ id: "a", label: "Alpha", note: "first" }, { id: "b", label: "Beta" }];
  return (<main className="stack">
    <h1>probe</h1>
    <Chart title="bars" series={[{ id: "x", label: "X" }, { id: "y", label: "Y" }]} points={[{ label: "1", values: { x: 4, y: 2 } }, { label: "2", values: { x: 5, y: 9 } }]} format={String} />
    <Chart title="lines" kind="lines" series={[{ id: "x", label: "X" }]} points={[{ label: "1", values: { x: 4 } }, { label: "2", values: { x: 5 } }]} format={String} />
    <Select label="Select" options={options} value={v} onChange={setV} />
    <Choices label="Choices" options={options} value={v} onChange={setV} />
    <Segments label="Seg" options={options} value={v} onChange={setV} />
    <Stepper label="Count" value={n} onChange={setN} />
    <Checkbox selected={c} onChange={setC}>check</Checkbox>
    <TextField label="Text" value={v} onChange={setV} note="a note" wrong="it is wrong" />
    <Meter label="m" value={3} max={10} said="3 of 10" />
    <Button look="primary" onPress={() => setOpen(true)}>open</Button>
    <Dialog title="Dialog" open={open} onClose={() => setOpen(false)}><p>inside</p></Dialog>
  </main>);
}
