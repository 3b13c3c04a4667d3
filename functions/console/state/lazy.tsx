import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Notice } from "../widgets/notice.tsx";
import { Loading } from "../widgets/remote-view.tsx";
import { t } from "./language.ts";

type Loaded<P> =
  | { readonly state: "loading" | "failed" }
  | { readonly state: "there"; readonly part: ComponentType<P> };

/**
 * A part whose script is loaded once it is shown, so that nobody waits for what they do not look at. A script may be
 * gone after a new release: reloading the page gets the new ones.
 */
const useLoaded = <P,>(load: () => Promise<ComponentType<P>>): Loaded<P> => {
  const [loaded, setLoaded] = useState<Loaded<P>>({ state: "loading" });
  useEffect(() => {
    let isShown = true;
    const set = (result: Loaded<P>) => isShown && setLoaded(result);
    load().then(
      (part) => set({ state: "there", part }),
      () => set({ state: "failed" }),
    );
    return () => {
      isShown = false;
    };
  }, []);
  return loaded;
};

/** A part that the page around it can do without: undefined until it is there, null if it cannot be loaded. */
export const useLazy = <P,>(load: () => Promise<ComponentType<P>>): ComponentType<P> | undefined | null => {
  const loaded = useLoaded(load);
  if (loaded.state === "failed") return null;
  return loaded.state === "there" ? loaded.part : undefined;
};

/** A page has a heading even before its script is there. */
const ComingPage = () => (
  <>
    <h1 class="visually-hidden">{t("state.loading")}</h1>
    <Loading />
  </>
);

/** A page whose script is loaded when it is opened. */
export const pageOf = (load: () => Promise<ComponentType>): ComponentType => {
  let once: Promise<ComponentType> | undefined;
  return () => {
    const loaded = useLoaded(() => {
      once ??= load();
      return once;
    });
    if (loaded.state === "there") return <loaded.part />;
    if (loaded.state === "loading") return <ComingPage />;
    once = undefined;
    return (
      <Notice
        tone="bad"
        title={t("page.notLoaded")}
        actions={
          <button type="button" class="button" onClick={() => location.reload()}>
            {t("defect.reload")}
          </button>
        }
      >
        <p>{t("page.notLoadedText")}</p>
      </Notice>
    );
  };
};
