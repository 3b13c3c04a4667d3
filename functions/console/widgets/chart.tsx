import { useId, useState } from "preact/hooks";

export interface ChartSeries {
  readonly name: string;
  readonly label: string;
}

export interface ChartBar {
  /** Under the bar; empty for most where there are many. */
  readonly tick: string;
  /** In full, for the reading and the table. */
  readonly label: string;
  /** In the order of the series. */
  readonly values: readonly number[];
}

interface Props {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  readonly bars: readonly ChartBar[];
  /** The bar that is read out first: that of now. */
  readonly first: number;
  readonly formatted: (value: number) => string;
  readonly labels: { readonly table: string; readonly when: string; readonly move: string };
}

const WIDTH = 560;
const HEIGHT = 150;
const FOOT = 22;
const GAP = 0.28;

/** The next number of the form 1, 2 or 5 times a power of ten: a scale that one can read. */
const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(step * power, 4);
};

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

interface ColumnProps {
  readonly bar: ChartBar;
  readonly at: number;
  readonly width: number;
  readonly top: number;
  readonly series: readonly ChartSeries[];
  readonly isRead: boolean;
  readonly onRead: () => void;
}

/** Under the middle of its bar; at either end, where it would be cut off, within the chart. */
const placeOf = (at: number, width: number) => {
  if (at === 0) return { x: 0, "text-anchor": "start" } as const;
  const isLast = (at + 1) * width >= WIDTH - width / 2;
  return isLast
    ? ({ x: WIDTH, "text-anchor": "end" } as const)
    : ({ x: (at + 0.5) * width, "text-anchor": "middle" } as const);
};

/** One bar, its parts on top of each other, with a place to point at that is as high as the chart. */
const Column = ({ bar, at, width, top, series, isRead, onRead }: ColumnProps) => {
  const heights = bar.values.map((value) => (value / top) * HEIGHT);
  return (
    <g class={isRead ? "bar read" : "bar"} onPointerEnter={onRead}>
      <rect class="bar-place" x={at * width} y={0} width={width} height={HEIGHT} />
      {heights.map((height, part) => {
        const name = series[part]?.name ?? "";
        const below = sum(heights.slice(0, part));
        return (
          height > 0 && (
            <rect
              key={name}
              class={`part-${name}`}
              x={at * width + (width * GAP) / 2}
              y={HEIGHT - below - height}
              width={width * (1 - GAP)}
              height={height}
            />
          )
        );
      })}
      {bar.tick !== "" && (
        <text {...placeOf(at, width)} y={HEIGHT + FOOT - 4}>
          {bar.tick}
        </text>
      )}
    </g>
  );
};

const Legend = ({ series }: Pick<Props, "series">) => (
  <ul class="legend">
    {series.map(({ name, label }) => (
      <li key={name}>
        <span class={`swatch part-${name}`} aria-hidden="true" />
        {label}
      </li>
    ))}
  </ul>
);

const NumbersTable = ({ title, series, bars, formatted, labels }: Props) => (
  <table>
    <caption class="visually-hidden">{title}</caption>
    <thead>
      <tr>
        <th scope="col">{labels.when}</th>
        {series.map(({ name, label }) => (
          <th key={name} scope="col" class="number">
            {label}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {bars.map((bar) => (
        <tr key={bar.label}>
          <th scope="row">{bar.label}</th>
          {series.map(({ name }, part) => (
            <td key={name} class="number">
              {formatted(bar.values[part] ?? 0)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

/** The same numbers for those who would rather read, or hear, a table: made once it is opened. */
const Numbers = (props: Props) => {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{props.labels.table}</summary>
      {open && <NumbersTable {...props} />}
    </details>
  );
};

/**
 * Stacked bars as SVG of our own: the smallest chart library is larger than the rest of a page. A slider moves through
 * the bars by keyboard and says each; pointing at a bar does the same, and a table holds all of them.
 */
export const Chart = (props: Props) => {
  const { title, series, bars, first, formatted, labels } = props;
  const [read, setRead] = useState(first);
  const heading = useId();
  const top = niceTop(Math.max(...bars.map(({ values }) => sum(values))));
  const width = WIDTH / bars.length;
  const bar = bars[Math.min(read, bars.length - 1)];
  const reading =
    bar === undefined
      ? ""
      : `${bar.label} – ${series.map(({ label }, part) => `${label} ${formatted(bar.values[part] ?? 0)}`).join(", ")}`;
  return (
    <figure class="chart" aria-labelledby={heading}>
      <figcaption id={heading}>{title}</figcaption>
      <div class="plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`} aria-hidden="true" focusable="false">
          {[0.5, 1].map((part) => (
            <g key={part} class="grid">
              <line x1={0} x2={WIDTH} y1={HEIGHT * (1 - part)} y2={HEIGHT * (1 - part)} />
              <text x={0} y={HEIGHT * (1 - part) + 14}>
                {formatted(top * part)}
              </text>
            </g>
          ))}
          <line class="base" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
          {bars.map((one, at) => (
            <Column
              key={one.label}
              bar={one}
              at={at}
              width={width}
              top={top}
              series={series}
              isRead={at === read}
              onRead={() => setRead(at)}
            />
          ))}
        </svg>
        <input
          class="visually-hidden"
          type="range"
          aria-label={`${title} – ${labels.move}`}
          aria-valuetext={reading}
          min={0}
          max={bars.length - 1}
          value={read}
          onInput={(event) => setRead(event.currentTarget.valueAsNumber)}
        />
      </div>
      <p class="reading fine">{reading}</p>
      <Legend series={series} />
      <Numbers {...props} />
    </figure>
  );
};
