import { d, primary, usualSetting } from "../data";
import { Figure, MetricPicker, metricChosen, SettingPicker, settingOf } from "../figure";
import { figureSheet, Rows } from "./rows";

/** Who comes first: every variant with its interval, and the groups that cannot be told apart. */
export function Ranking() {
  const id = "ranking";
  const all = d.metrics.map((_, m) => m);
  const m = metricChosen(id, all, primary), s = settingOf(id, usualSetting);
  return <Figure id={id} title={"Ranking" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    controls={<><MetricPicker id={id} of={all} usual={primary} /><SettingPicker id={id} usual={usualSetting} /></>}
    table={() => figureSheet([m])}
    caption={<>{d.metrics[m].head}. Bar: 95 % interval; mark: median over rounds, hollow where it is a bound; dots: the rounds.
      {m === primary && " Those that share a letter cannot be told apart."}</>}>
    <Rows m={m} s={s} groups={m === primary} />
  </Figure>;
}
