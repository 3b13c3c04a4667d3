export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown with every mistake of a configuration, each with the variable's name and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`Fix the configuration, then start again:\n- ${mistakes.join("\n- ")}`);
    this.mistakes = mistakes;
  }
}
