import type { ComponentChildren } from "preact";
import type { MailServer } from "../../api/types.ts";
import { number, percent, t } from "../../state/language.ts";
import { type Bar, dayStart, failedIn } from "./figures.ts";
import type { Waiting } from "./waiting.ts";

interface TileProps {
  readonly label: string;
  readonly value: string;
  readonly href?: string;
  readonly children?: ComponentChildren;
}

const Tile = ({ label, value, href, children }: TileProps) => (
  <div class="tile">
    <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
    <dd>
      <span class="figure">{value}</span>
      {children && <span class="fine">{children}</span>}
    </dd>
  </div>
);

/** How much of what a mail server may send in 24 hours it has sent. */
export interface Load {
  readonly server: Pick<MailServer, "id" | "name">;
  /** 0 to 1, or above if the limit was lowered since. */
  readonly share: number;
}

interface Props {
  readonly days: readonly Bar[];
  /** Null if that is not known. */
  readonly waiting: Waiting | null;
  /** Of the server that is closest to its limit; null if that is not known. */
  readonly load: Load | null;
}

const WEEK = 7;

const localDay = (at: Date): string =>
  [at.getFullYear(), String(at.getMonth() + 1).padStart(2, "0"), String(at.getDate()).padStart(2, "0")].join("-");

/** The figures that a person looks for first. */
export const Tiles = ({ days, waiting, load }: Props) => {
  const today = days.at(-1);
  const weekAgo = localDay(dayStart(new Date(), 1 - WEEK));
  return (
    <dl class="tiles">
      <Tile
        label={t("tile.sent")}
        value={number((today?.sent ?? 0) + (today?.partly ?? 0))}
        href={`/messages?status=sent&from=${localDay(new Date())}`}
      />
      {waiting !== null && (
        <Tile
          label={t("tile.waiting")}
          value={waiting.isMore ? t("tile.atLeast", { count: number(waiting.count) }) : number(waiting.count)}
          href={`/messages?status=${waiting.mostly}`}
        />
      )}
      <Tile
        label={t("tile.failed")}
        value={number(failedIn(days.slice(-WEEK)))}
        href={`/messages?status=failed&from=${weekAgo}`}
      />
      {load !== null && (
        <Tile label={t("tile.limit")} value={percent(load.share)} href={`/servers/${load.server.id}`}>
          {load.server.name}
        </Tile>
      )}
    </dl>
  );
};
