// SPDX-License-Identifier: GPL-3.0-or-later
// The rows that cannot be used, their cells to be mended here: what is mended is sent as a file like any other, and rows
// that are still wrong stay. Who reads them is recorded, as the cells say who somebody is.
import { useState } from "preact/hooks";
import { ask, download, Problem } from "../core/api";
import { t } from "../core/language";
import { codeName, role } from "../core/session";
import { Failure } from "../ui/states";
import { ERRORS, faultsOf, readTable, ROW, writeTable, type Table } from "./csv";
import { askUpload, Counts, isWorking } from "./ImportPage";
import { sendList } from "./SendFile";
import type { Schemas } from "../core/api";

const PURPOSE = "data-quality";
const AT_ONCE = 100; // rows that are shown
const EVERY_MS = 500;

interface Bad {
  cells: string[]; /** as they are mended */
  came: string[]; /** as they came */
}

interface Work {
  table: Table;
  rows: Bad[];
}

async function readErrors(id: string): Promise<Work> {
  const response = await ask("get", `/api/v1/uploads/${id}/errors`, { headers: { "Tocsin-Purpose": PURPOSE } });
  const table = readTable(await response.text());
  return { table, rows: table.rows.map((row) => ({ cells: row, came: row })) };
}

const isMended = (row: Bad) => row.cells.some((cell, i) => cell !== row.came[i]);

/** Send what is mended, wait until it is worked off, and come back with what is still to be done. */
async function sendMended(feed: string, work: Work): Promise<{ left: Work; upload: Schemas["upload_shown"] }> {
  const mended = work.rows.filter(isMended);
  const text = writeTable({ ...work.table, rows: mended.map((row) => row.cells) });
  const kept = await sendList(new URLSearchParams({ feed }), new Blob([text]), "text/csv");
  let upload = await askUpload(kept.id);
  while (isWorking(upload)) {
    await new Promise((over) => setTimeout(over, EVERY_MS));
    upload = await askUpload(kept.id);
  }
  if (upload.verdict === "held" || upload.verdict === "rejected") throw new Problem(422, "/problems/invalid", upload.reason ?? "");
  const still = upload.rows.rejected > 0 ? (await readErrors(kept.id)).rows : [];
  return { left: { ...work, rows: [...still, ...work.rows.filter((row) => !isMended(row))] }, upload };
}

function Row({ header, row, number, change }: { header: string[]; row: Bad; number: number; change: (at: number, cell: string) => void }) {
  const faults = faultsOf(header, row.came[header.indexOf(ERRORS)] ?? "");
  const whole = faults.get("");
  return (
    <tr>
      <th scope="row">
        {number}
        {whole !== undefined && <div class="wrong">{whole}</div>}
      </th>
      {header.map((name, i) => {
        if (name === ERRORS || name === ROW) return null;
        const wrong = faults.get(name);
        const said = `wrong-${number}-${i}`;
        return (
          <td key={name}>
            <input
              value={row.cells[i] ?? ""}
              aria-label={t("import.cell", { header: name, row: number })}
              aria-invalid={wrong !== undefined && row.cells[i] === row.came[i]}
              aria-describedby={wrong === undefined ? undefined : said}
              autocomplete="off"
              onInput={(event) => change(i, event.currentTarget.value)}
            />
            {wrong !== undefined && (
              <div class="wrong" id={said}>
                {wrong}
              </div>
            )}
          </td>
        );
      })}
    </tr>
  );
}

export function Mend({ id, feed }: { id: string; feed: string }) {
  const [work, setWork] = useState<Work | null>(null);
  const [sent, setSent] = useState<Schemas["upload_shown"] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const doing = (what: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    what()
      .catch((failure: unknown) => setProblem(Problem.of(failure)))
      .finally(() => setBusy(false));
  };
  if (role.value?.purposes.includes(PURPOSE) !== true) return <p class="quiet">{t("import.mendWho")}</p>;
  const change = (at: number, i: number, cell: string) => {
    if (work === null) return;
    const rows = work.rows.map((row, n) => (n === at ? { ...row, cells: row.cells.map((old, j) => (j === i ? cell : old)) } : row));
    setWork({ ...work, rows });
  };
  const mended = work?.rows.filter(isMended).length ?? 0;
  return (
    <>
      {problem !== null && <Failure problem={problem} />}
      <div class="row">
        {work === null && (
          <button type="button" class="main" disabled={busy} onClick={() => doing(async () => setWork(await readErrors(id)))}>
            {t("import.mendHere", { purpose: codeName("purpose", PURPOSE) })}
          </button>
        )}
        <button type="button" disabled={busy} onClick={() => doing(() => download(`/api/v1/uploads/${id}/errors`, {}, "errors.csv", { "Tocsin-Purpose": PURPOSE }))}>
          {t("import.errorsFile")}
        </button>
      </div>
      <p class="quiet">{t("import.mendAudited")}</p>
      {sent !== null && (
        <>
          <h3>{t("import.mended")}</h3>
          <Counts upload={sent} />
        </>
      )}
      {work !== null && work.rows.length === 0 && <p role="status">{t("import.allMended")}</p>}
      {work !== null && work.rows.length > 0 && (
        <>
          <div class="over mend" tabIndex={0} role="group" aria-label={t("import.step.mend")}>
            <table>
              <thead>
                <tr>
                  <th>{t("import.row")}</th>
                  {work.table.header
                    .filter((name) => name !== ERRORS && name !== ROW)
                    .map((name) => (
                      <th key={name}>{name}</th>
                    ))}
                </tr>
              </thead>
              <tbody>
                {work.rows.slice(0, AT_ONCE).map((row, at) => (
                  <Row key={row.came[work.table.header.indexOf(ROW)] ?? at} header={work.table.header} row={row} number={at + 1} change={(i, cell) => change(at, i, cell)} />
                ))}
              </tbody>
            </table>
          </div>
          {work.rows.length > AT_ONCE && <p class="quiet">{t("import.first", { n: AT_ONCE, all: work.rows.length })}</p>}
          <button
            type="button"
            class="main"
            disabled={busy || mended === 0}
            onClick={() =>
              doing(async () => {
                const { left, upload } = await sendMended(feed, work);
                setWork(left);
                setSent(upload);
              })
            }
          >
            {busy ? t("import.sending") : t("import.sendMended", { n: mended })}
          </button>
        </>
      )}
    </>
  );
}
