// The page of one profile, or of two: webdyno profile --html.
import { signal } from "@preact/signals";
import { d, page } from "./data";
import { Change, changed, Profiles, profiled } from "./figures/flames";

const dark = signal(matchMedia("(prefers-color-scheme: dark)").matches);

function turn() {
  dark.value = !dark.value;
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
}

export function ProfilePage() {
  const says = [...new Set(d.flames.flatMap((e) => e.flame.says ?? []))];
  return <>
    <header class="top">
      <p class="brand">webdyno <span>profile</span></p>
      <button onClick={turn} aria-pressed={dark.value}>{dark.value ? "light" : "dark"}</button>
    </header>
    <main id="main" tabIndex={-1}>
      <section class="told" aria-label="The answer">
        <h1>{page.title}</h1>
        {page.answer.map((s, i) => <p class={i === 0 ? "said" : ""}>{s}</p>)}
      </section>
      {changed() && <Change />}
      {profiled() && <Profiles />}
      {says.length > 0 && <section class="text" id="says"><h2>What must be known of it</h2><ul>{says.map((s) => <li>{s}</li>)}</ul></section>}
    </main>
    <footer>Drawn by webdyno. Nothing on this page was fetched, and it sends nothing.</footer>
  </>;
}
