/** The result of a run. */
export interface SoakResult {
  /** Markdown below the section's title. */
  readonly text: string;
  /** What is wrong, one line each. */
  readonly faults: readonly string[];
}

/** A part of the soak, which can run alone. */
export interface Section {
  readonly title: string;
  /** Given after the name, as in `crash=5`. */
  readonly size: { readonly of: string; readonly usual: number };
  run(size: number): Promise<SoakResult>;
}
