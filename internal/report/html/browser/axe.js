// What axe-core finds, a line for each: its impact, its rule, where.
(async () => (await axe.run()).violations.flatMap((v) => v.nodes.slice(0, 3).map((n) =>
  `${v.impact} ${v.id} (${v.nodes.length}): ${n.html.slice(0, 200)} | ${n.failureSummary.replace(/\s+/g, " ").slice(0, 240)}`)))()
