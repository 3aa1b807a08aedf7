import { day, t } from "../core/language";
import type { Told } from "./exchange";
import type { Kept } from "./kept";

const DAY = 86_400_000;

interface Trust {
  lists: { name: string; dated?: number; signers: number }[];
}

/** How old what answers is: always there, and loud where it is old. */
export function Lists({ lists, told }: { lists: Kept | null; told: Told | null }) {
  if (lists === null) {
    return (
      <div class="card" role="status">
        <p>{told === null ? t("pass.loading") : t(`pass.none.${told}`)}</p>
        {told === "sign-in" && <a href="/sign-in">{t("pass.signIn")}</a>}
      </div>
    );
  }
  const { lists: all } = JSON.parse(lists.trust.text) as Trust;
  const dated = all.flatMap((list) => (list.dated === undefined ? [] : [list.dated * 1000]));
  const oldest = dated.length === 0 ? null : Math.min(...dated);
  const signers = all.reduce((sum, list) => sum + list.signers, 0);
  const days = (since: number) => Math.max(0, Math.floor((Date.now() - since) / DAY));
  return (
    <section class="lists" aria-label={t("pass.lists")}>
      <p class={oldest !== null && days(oldest) > 7 ? "old" : ""}>
        {oldest === null
          ? t("pass.undated", { n: signers })
          : t("pass.dated", { n: signers, day: day(new Date(oldest).toISOString(), "long"), days: days(oldest) })}
      </p>
      <p class={days(lists.fetched) > 1 ? "old" : "quiet"}>{t("pass.fetched", { days: days(lists.fetched) })}</p>
      {told !== null && told !== "done" && <p class="old">{t(`pass.kept.${told}`)}</p>}
    </section>
  );
}
