import { Component, type ReactNode } from "react";
import { useCommon } from "../i18n/common";
import { Notice } from "./bits";

interface Broken {
  readonly error: Error | null;
}

/** Catches what a page throws, so that a fault shows as one and not as an empty page. */
export class Guard extends Component<{ children: ReactNode }, Broken> {
  override state: Broken = { error: null };

  static getDerivedStateFromError(error: unknown): Broken {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    return this.state.error === null ? this.props.children : <BrokenPage error={this.state.error} />;
  }
}

function BrokenPage({ error }: { error: Error }) {
  const { session } = useCommon();
  return (
    <main>
      <Notice tone="bad" head={session.broken}>
        <p>{session.brokenHere}</p>
        <p className="code">{error.message}</p>
      </Notice>
    </main>
  );
}
