import { language, number, t, whenAs } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Chart, type ChartBar } from "../../widgets/chart.tsx";
import { type Bar, SERIES } from "./figures.ts";

interface ChartsProps {
  readonly days: readonly Bar[];
  readonly hours: readonly Bar[];
}

const DAY = { weekday: "long", day: "numeric", month: "long" } as const;
const SHORT_DAY = { day: "numeric", month: "short" } as const;
const HOUR = { hour: "2-digit", minute: "2-digit" } as const;

/** Every second day and every fourth hour have room for their name, on a phone too. */
const NAMED_DAYS = 2;
const NAMED_HOURS = 4;

const barOf = ({ at, ...counts }: Bar, label: string, tick: string): ChartBar => ({
  label,
  tick,
  values: SERIES.map((name) => counts[name]),
});

/** The last two weeks by day, and today by hour, in the reader's time zone. */
export const Charts = ({ days, hours }: ChartsProps) => {
  const series = SERIES.map((name) => ({ name, label: t(`chart.${name}`) }));
  const shared = { series, formatted: number };
  const labels = (when: string) => ({ table: t("chart.table"), when, move: t("chart.move") });
  return (
    <div class="halves" lang={language.value}>
      <Card title={t("chart.days")}>
        <Chart
          {...shared}
          first={days.length - 1}
          title={t("chart.daysTitle")}
          labels={labels(t("chart.day"))}
          bars={days.map((bar, at) => {
            const isNamed = (days.length - 1 - at) % NAMED_DAYS === 0;
            return barOf(bar, whenAs(bar.at, DAY), isNamed ? whenAs(bar.at, SHORT_DAY) : "");
          })}
        />
      </Card>
      <Card title={t("chart.hours")}>
        <Chart
          {...shared}
          first={hours.findLastIndex(({ at }) => at.getTime() <= Date.now())}
          title={t("chart.hoursTitle")}
          labels={labels(t("chart.hour"))}
          bars={hours.map((bar, at) =>
            barOf(bar, whenAs(bar.at, HOUR), at % NAMED_HOURS === 0 ? whenAs(bar.at, HOUR) : ""),
          )}
        />
      </Card>
    </div>
  );
};
