// SPDX-License-Identifier: GPL-3.0-or-later
// The scan page: an application of its own, so that it starts without the rest, without a network, and under a policy
// of its own (WebAssembly). It says what is known of a proof; who passes is decided by people.
import { render } from "preact";
import { choose, preferred, speak } from "../core/language";
import en from "../i18n/pass.en.json";
import "../ui/tokens.css";
import "../ui/base.css";
import "./pass.css";
import { Scan } from "./Scan";

const root = document.getElementById("app");
if (root !== null) {
  const theme = localStorage.getItem("tocsin-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  speak(en, () => import("../i18n/pass.zh.json"));
  void choose(preferred()).then(() => render(<Scan />, root));
}
