import { useCommon } from "@shared/i18n/common";
import { Notice } from "@shared/ui/bits";
import { Write } from "@shared/ui/write";
import { useQueryClient } from "@tanstack/react-query";
import type { ComponentProps, ReactNode } from "react";

/** A write of staff's; what the pages show is read anew once it is done. */
export function Act<T>(props: ComponentProps<typeof Write<T>>) {
  const cache = useQueryClient();
  return (
    <Write
      {...props}
      write={async () => {
        const answer = await props.write();
        void cache.invalidateQueries();
        return answer;
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
