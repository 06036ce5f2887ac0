import { render } from "preact";
import { App } from "./app";
import { follow } from "./state";

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
follow();
