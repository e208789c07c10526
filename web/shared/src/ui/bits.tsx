/** The small parts that pages are made of. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useCommon } from "../i18n/common";
import { useWords } from "../i18n/i18n";
import { IconButton } from "./button";
import { Icon } from "./icon";

export type Tone = "plain" | "good" | "warn" | "bad" | "accent" | "gold";

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

export function Money({ fen }: { fen: number }) {
  const { yuan } = useWords();
  return <span className="numbers">{yuan(fen)}</span>;
}

/** A moment, to the minute; to the second for who looks closer. */
export function Moment({ at }: { at: string }) {
  const { moment, exactly } = useWords();
  return (
    <time className="numbers" dateTime={at} title={exactly(at)}>
      {moment(at)}
    </time>
  );
}

export function Day({ at }: { at: string }) {
  const { day } = useWords();
  return (
    <time className="numbers" dateTime={at}>
      {day(at)}
    </time>
  );
}

/** An id to find something again by, with a button that copies it. */
export function Id({ of, children }: { of: string; children: string }) {
  const { ui } = useCommon();
  const [copied, setCopied] = useState(false);
  return (
    <span className="id">
      <span className="code">{children}</span>
      <IconButton
        label={copied ? ui.copied : ui.copyOf(of)}
        onPress={() => {
          void navigator.clipboard.writeText(children).then(() => setCopied(true));
        }}
      >
        <Icon name={copied ? "check" : "copy"} />
      </IconButton>
    </span>
  );
}

/** What is said of something, one fact a line. */
export function Facts({
  facts,
  sums = false,
}: {
  facts: readonly (readonly [ReactNode, ReactNode] | null)[];
  sums?: boolean;
}) {
  return (
    <dl className={sums ? "facts sums" : "facts"}>
      {facts.map((fact, index) => {
        if (fact === null) return null;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: facts of a kind stand in one order
          <Fact key={index} name={fact[0]} value={fact[1]} />
        );
      })}
    </dl>
  );
}

function Fact({ name, value }: { name: ReactNode; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

export function Card({
  title,
  aside,
  children,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  if (title === undefined) return <section className="card">{children}</section>;
  return (
    <section className="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

export function Notice({
  tone = "plain",
  head,
  children,
}: {
  tone?: Tone;
  head?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {head !== undefined && <p className="head">{head}</p>}
      {children}
    </div>
  );
}

/** How much of something there is; drawn, so that no style stands in the markup. */
export function Meter({
  label,
  value,
  max,
  said,
}: {
  label: string;
  value: number;
  max: number;
  said: ReactNode;
}) {
  const share = max <= 0 ? 100 : Math.min(100, Math.max(0, (value / max) * 100));
  return (
    <div className="meter">
      <div className="row apart">
        <span>{label}</span>
        <span className="soft small-text">{said}</span>
      </div>
      <svg
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${Math.round(share)} %`}
      >
        <rect className="track" width="100" height="4" />
        <rect className="filled" width={share} height="4" />
      </svg>
    </div>
  );
}

/** The head of a page. It is where a reader is after they have gone there. */
export function PageHead({
  title,
  under,
  children,
}: {
  title: string;
  under?: ReactNode;
  children?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.title;
    document.title = title;
    return () => {
      document.title = before;
    };
  }, [title]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <div className="page-head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {under !== undefined && <p className="under">{under}</p>}
      </div>
      {children !== undefined && <div className="row">{children}</div>}
    </div>
  );
}
