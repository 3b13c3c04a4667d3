import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ApiFailure } from "../api/failure.ts";
import { t } from "../state/language.ts";
import type { RemoteHandle } from "../state/remote.ts";
import { Notice, ProblemNotice } from "./notice.tsx";

/** After this long, people wonder whether anything is happening. */
const SLOW_AFTER_MS = 4_000;

export const Loading = () => {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {slow ? t("state.loadingSlow") : t("state.loading")}
    </p>
  );
};

/** Stands for a part that may turn out to be nothing: what follows is shown once that is known, so it does not move. */
export const Coming = () => <span class="coming" hidden />;

/** Trying again does not help if a record is isGone or not ours. */
const isGone = (failure: ApiFailure): boolean =>
  failure.kind === "problem" && [403, 404].includes(failure.problem.status);

interface Props<T> {
  readonly handle: RemoteHandle<T>;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows the loading state, a failure with a way to retry, or the value, with a notice if it is out of date. */
export const RemoteView = <T,>({ handle: { remote, reload }, children }: Props<T>) => {
  switch (remote.phase) {
    case "loading":
      return <Loading />;
    case "failed":
      return isGone(remote.failure) ? (
        <ProblemNotice failure={remote.failure} />
      ) : (
        <ProblemNotice failure={remote.failure} retry={() => void reload()} />
      );
    case "ready":
      return (
        <>
          {remote.trouble && (
            <Notice
              tone="warn"
              title={t("state.stale")}
              actions={
                <button type="button" class="button" onClick={() => void reload()}>
                  {t("action.retry")}
                </button>
              }
            />
          )}
          {children(remote.value)}
        </>
      );
  }
};

export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children}
  </div>
);
