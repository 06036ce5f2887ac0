import { d, metricOf, usualSetting } from "../data";
import { Figure, SettingPicker, settingOf } from "../figure";
import { figureSheet, Rows } from "./rows";

export const usageMetrics = () => ["server_cpu", "memory", "startup"].map(metricOf).filter((m) => m >= 0);

/** What a subject uses: CPU for a request, memory, and the time to come up. */
export function Usage() {
  const id = "usage", s = settingOf(id, usualSetting);
  return <Figure id={id} title={"What it takes" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    controls={<SettingPicker id={id} usual={usualSetting} />} table={() => figureSheet(usageMetrics())}
    caption="Of the server's whole process tree. Peak memory counts shared pages once for each process. Drag across a picture to zoom into it.">
    <div class="panels three">{usageMetrics().map((m) => <div><h3>{d.metrics[m].head}</h3><Rows id={`${id}-${d.metrics[m].key}`} m={m} s={s} /></div>)}</div>
  </Figure>;
}
