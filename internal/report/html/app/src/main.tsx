import { render } from "preact";
import { App } from "./app";
import { page } from "./data";
import { ProfilePage } from "./profile";
import { follow } from "./state";

const root = document.getElementById("app")!;
root.replaceChildren();
render(page.kind === "profile" ? <ProfilePage /> : <App />, root);
follow();
