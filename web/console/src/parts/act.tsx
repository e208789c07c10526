import { useCommon } from "@shared/i18n/common";
import { Notice } from "@shared/ui/bits";
import { Write } from "@shared/ui/write";
import { useQueryClient } from "@tanstack/react-query";
import { type ComponentProps, type ReactNode, useState } from "react";

/**
 * A write of staff's. What the pages show is read anew once its dialog is closed: until then it says what it did to
 * the thing as it was.
 */
export function Act<T>(props: ComponentProps<typeof Write<T>>) {
  const cache = useQueryClient();
  const [done, setDone] = useState(false);
  return (
    <Write
      {...props}
      write={async () => {
        const answer = await props.write();
        setDone(true);
        return answer;
      }}
      onClose={() => {
        props.onClose();
        if (done) void cache.invalidateQueries();
      }}
    />
  );
}

/** What a write will do, before it is done (K1). */
export function Will({ tone = "plain", children }: { tone?: "plain" | "warn"; children: ReactNode }) {
  const { ui } = useCommon();
  return (
    <Notice tone={tone} head={ui.before}>
      {children}
    </Notice>
  );
}
