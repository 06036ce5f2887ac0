// Bundles the report's page. The first line of the script names the sources it was
// made of, by a hash that a test in Go computes again.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const out = process.argv[2] ?? "../page";
const sources = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];
for (const e of readdirSync("src", { recursive: true, withFileTypes: true })) {
  if (e.isFile()) sources.push(join(e.parentPath, e.name).replaceAll("\\", "/"));
}
const sum = createHash("sha256");
for (const name of sources.sort()) sum.update(name + "\0").update(readFileSync(name)).update("\0");

const result = await build({
  entryPoints: [{ in: "src/main.tsx", out: "app" }, { in: "src/style.css", out: "app-style" }],
  bundle: true, minify: true, write: false, outdir: "out", charset: "utf8",
  format: "iife", target: ["es2022"], legalComments: "none",
  jsx: "automatic", jsxImportSource: "preact",
});
for (const f of result.outputFiles) {
  const js = f.path.endsWith(".js");
  // What ends a script or a style within one would end it in the page.
  const text = f.text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--").trimEnd();
  const stamp = js ? `/* webdyno's report, from sources ${sum.copy().digest("hex")}; with Preact and signals (MIT) */\n` : "";
  writeFileSync(join(out, js ? "app.js" : "app.css"), stamp + text);
}
