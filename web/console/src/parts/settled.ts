import { useEffect, useState } from "react";

const PAUSE_MILLISECONDS = 250;

/** What has been typed, once nothing more has been typed for a moment: no request for each letter. */
export function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(typed), PAUSE_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  return settled;
}
