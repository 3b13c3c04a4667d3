import { useEffect } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { Frame } from "./frame.tsx";
import { HomePage } from "./pages/home.tsx";
import { MessagePage } from "./pages/message.tsx";
import { MessagesPage } from "./pages/messages.tsx";
import { OperatorsOnlyPage } from "./pages/operators-only.tsx";
import { NeedsBanner } from "./pages/server/needs-banner.tsx";
import { ServersPage } from "./pages/servers.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { CONSOLE_PATHS, signInPath } from "./routing/next.ts";
import { pageOf } from "./state/lazy.tsx";
import { readSession } from "./state/session.ts";
import { session } from "./state/session-signal.ts";
import { ErrorBoundary } from "./widgets/error-boundary.tsx";
import { ProblemNotice } from "./widgets/notice.tsx";
import { NotFoundPage } from "./widgets/page.tsx";
import { Loading } from "./widgets/remote-view.tsx";
import { SandboxBanner } from "./widgets/sandbox-banner.tsx";

const further = async () => (await import("./pages/further.ts")).FURTHER_PAGES;
const SetupPage = pageOf(async () => (await further()).setup);
const NewServerPage = pageOf(async () => (await further()).newServer);
const KeysPage = pageOf(async () => (await further()).keys);
const SettingsPage = pageOf(async () => (await further()).settings);
const OperationsPage = pageOf(async () => (await further()).operations);
const AuditPage = pageOf(async () => (await further()).audit);
const ServerPage = pageOf(async () => (await further()).server);

/** Only operators may call the API of these pages; a member sees whom to ask instead. */
const OPERATOR_PAGES = [
  { path: "/setup", component: SetupPage },
  { path: "/servers/new", component: NewServerPage },
  { path: "/keys", component: KeysPage },
  { path: "/settings", component: SettingsPage },
  { path: "/operations", component: OperationsPage },
  { path: "/audit", component: AuditPage },
] as const;

const Pages = ({ operator }: { readonly operator: boolean }) => (
  <Router>
    <Route path="/" component={HomePage} />
    {OPERATOR_PAGES.map(({ path, component }) => (
      <Route key={path} path={path} component={operator ? component : OperatorsOnlyPage} />
    ))}
    <Route path="/servers" component={ServersPage} />
    <Route path="/servers/:id/:tab?" component={ServerPage} />
    <Route path="/messages" component={MessagesPage} />
    <Route path="/messages/:id" component={MessagePage} />
    <Route default component={NotFoundPage} />
  </Router>
);

/** Without a session only the sign-in page is shown; after signing in, the person returns to where they were. */
const Gate = () => {
  const { path, url, route } = useLocation();
  const state = session.value;
  const onSignIn = path === "/sign-in";
  useEffect(() => {
    if (state.kind === "signed_out" && !onSignIn) route(signInPath(url), true);
  }, [state.kind, onSignIn, url]);
  if (state.kind === "asking") return <Loading />;
  if (state.kind === "failed") return <ProblemNotice failure={state.failure} retry={() => void readSession()} />;
  if (onSignIn) return <SignInPage />;
  if (state.kind !== "signed_in") return <Loading />;
  const operator = state.session.role === "operator";
  return (
    <ErrorBoundary path={path}>
      {operator && <SandboxBanner />}
      <NeedsBanner path={path} />
      <Pages operator={operator} />
    </ErrorBoundary>
  );
};

export const App = () => (
  <LocationProvider scope={CONSOLE_PATHS}>
    <Frame>
      <Gate />
    </Frame>
  </LocationProvider>
);
