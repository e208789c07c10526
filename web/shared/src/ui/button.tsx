import { type ReactNode, useEffect } from "react";
import { clearAnnouncer } from "react-aria/private/live-announcer/LiveAnnouncer";
import { Button as AriaButton, type ButtonProps } from "react-aria-components";
import { Link, type LinkProps } from "react-router";
import { given } from "../given";
import { useCommon } from "../i18n/common";

export type Look = "primary" | "plain" | "danger" | "quiet";

interface Looks {
  look?: Look;
  small?: boolean;
  wide?: boolean;
  children: ReactNode;
}

function classes({ look = "plain", small = false, wide = false }: Omit<Looks, "children">): string {
  return ["button", look, small ? "small" : "", wide ? "wide" : ""].filter(Boolean).join(" ");
}

/** A button; while what it began is under way it says so, and does not begin it again. */
export function Button({
  look,
  small,
  wide,
  children,
  ...rest
}: Omit<ButtonProps, "children" | "className"> & Looks) {
  const { ui } = useCommon();
  const looks = classes(given({ look, small, wide }));
  const isPending = rest.isPending === true;
  // React Aria says "pending" by the button's name for seven seconds, also of one that has gone by then.
  useEffect(() => (isPending ? () => clearAnnouncer("assertive") : undefined), [isPending]);
  return (
    <AriaButton className={looks} {...rest}>
      {isPending ? ui.working : children}
    </AriaButton>
  );
}

/** A link that looks like a button: it leads somewhere and changes nothing. */
export function LinkButton({
  look,
  small,
  wide,
  children,
  ...rest
}: Omit<LinkProps, "children" | "className"> & Looks) {
  const looks = classes(given({ look, small, wide }));
  return (
    <Link className={looks} {...rest}>
      {children}
    </Link>
  );
}

export function IconButton({
  label,
  children,
  ...rest
}: Omit<ButtonProps, "children" | "className"> & { label: string; children: ReactNode }) {
  return (
    <AriaButton className="icon-button" aria-label={label} {...rest}>
      {children}
    </AriaButton>
  );
}
