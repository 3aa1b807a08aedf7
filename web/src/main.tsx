// SPDX-License-Identifier: GPL-3.0-or-later
import { render } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "./core/api";
import { choose, preferred, speak, t } from "./core/language";
import { listen } from "./core/live";
import { followLinks, path } from "./core/router";
import { begin, lacksFactor, model, role, session } from "./core/session";
import en from "./i18n/en.json";
import { applyTheme, Shell } from "./shell/Shell";
import { Situation } from "./situation/Situation";
import { Empty, Failure, Loading } from "./ui/states";
import "./ui/tokens.css";
import "./ui/base.css";

const AdminPage = lazy(() => import("./admin/AdminPage"));
const CaseList = lazy(() => import("./case/CaseList"));
const CasePage = lazy(() => import("./case/CasePage"));
const ReportList = lazy(() => import("./report/ReportList"));
const ReportPage = lazy(() => import("./report/ReportPage"));
const ImportPage = lazy(() => import("./intake/ImportPage"));
const SenderList = lazy(() => import("./sender/SenderList"));
const SenderPage = lazy(() => import("./sender/SenderPage"));
const SignalList = lazy(() => import("./signal/SignalList"));
const SignalPage = lazy(() => import("./signal/SignalPage"));
const StreamList = lazy(() => import("./stream/StreamList"));
const StreamPage = lazy(() => import("./stream/StreamPage"));

function Page() {
  const found = /^\/cases\/([^/]+)$/.exec(path.value);
  const signal = /^\/signals\/([^/]+)$/.exec(path.value);
  const report = /^\/reports\/([^/]+)$/.exec(path.value);
  const sender = /^\/senders\/([^/]+)$/.exec(path.value);
  const stream = /^\/streams\/([^/]+)$/.exec(path.value);
  if (path.value === "/") return <Situation />;
  if (path.value === "/cases") return <CaseList />;
  if (found !== null) return <CasePage id={found[1] ?? ""} />;
  if (path.value === "/signals") return <SignalList />;
  if (signal !== null) return <SignalPage key={signal[1]} id={signal[1] ?? ""} />;
  if (path.value === "/reports") return <ReportList />;
  if (report !== null) return <ReportPage key={report[1]} id={report[1] ?? ""} />;
  if (path.value === "/senders") return <SenderList />;
  if (sender !== null) return <SenderPage key={sender[1]} id={sender[1] ?? ""} />;
  if (path.value === "/import") return <ImportPage />;
  if (path.value === "/administration") return <AdminPage />;
  if (path.value === "/streams") return <StreamList />;
  if (stream !== null) return <StreamPage key={stream[1]} id={stream[1] ?? ""} />;
  return <Empty>{t("state.noPage")}</Empty>;
}

/** Signed in, but not let in: no role, or the second factor is not given. Else the model is on its way. */
function Waiting() {
  if (role.value !== null && !lacksFactor()) return <Loading />;
  return (
    <div class="card">
      <h1>{role.value === null ? t("shell.noRole") : t("shell.needsFactor")}</h1>
      <a href="/account" data-plain>
        {t("shell.toAccount")}
      </a>
    </div>
  );
}

function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    setProblem(null);
    begin().catch((failure: unknown) => {
      if (!(failure instanceof Problem)) throw failure;
      if (failure.status === 401) location.assign("/sign-in");
      else setProblem(failure);
    });
  }, [round]);
  const named = role.value?.role ?? null;
  useEffect(() => {
    // Whoever works at a checkpoint has one page, and it is not one of these.
    if (named === "checkpoint-staff") location.replace("/pass");
  }, [named]);
  useEffect(() => {
    if (named === null || model.value === null) return;
    const ending = new AbortController();
    listen(ending.signal);
    return () => ending.abort();
  }, [named, model.value === null]);
  if (problem !== null) return <Failure problem={problem} again={() => setRound(round + 1)} />;
  if (session.value === null) return <Loading />;
  return (
    <Shell>
      {model.value === null ? (
        <Waiting />
      ) : (
        <Suspense fallback={<Loading />}>
          <Page key={named} />
        </Suspense>
      )}
    </Shell>
  );
}

const root = document.getElementById("app");
if (root !== null) {
  applyTheme(localStorage.getItem("tocsin-theme"));
  followLinks(root);
  speak(en, () => import("./i18n/zh.json"));
  void choose(preferred()).then(() => render(<App />, root));
}
