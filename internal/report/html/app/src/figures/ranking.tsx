import { d, primary, usualSetting } from "../data";
import { Figure, MetricPicker, metricChosen, SettingPicker, settingOf } from "../figure";
import { figureSheet, Rows, rowsRange } from "./rows";

/** Who comes first: every variant with its interval, and the groups that cannot be told apart. */
export function Ranking() {
  const id = "ranking";
  const all = d.metrics.map((_, m) => m);
  const m = metricChosen(id, all, primary), s = settingOf(id, usualSetting);
  const { domain, logs } = rowsRange(m, s), groups = m === primary && d.figures.some((f) => f.m === m && f.s === s && f.g);
  return <Figure id={id} title={"Ranking" + (d.settings[s]?.at ? " " + d.settings[s].at : "")} range={domain} logs={logs}
    controls={<><MetricPicker id={id} of={all} usual={primary} /><SettingPicker id={id} usual={usualSetting} /></>}
    table={() => figureSheet([m])}
    caption={<>{d.metrics[m].head}. Bar: 95 % interval; mark: median over rounds, hollow where it is a bound; dots: the rounds.
      {groups && " At the right, the places that the verdicts leave open; those that share a letter, and stand on one line, cannot be told apart."}</>}>
    <Rows id={id} m={m} s={s} groups={groups} />
  </Figure>;
}
