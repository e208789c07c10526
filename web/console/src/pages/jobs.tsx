import type { JobAnswer, ScheduleAnswer } from "@shared/api/schema";
import { createTexts, useWords } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Badge, Facts, Id, Moment, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Answered } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { Act, Will } from "../parts/act";
import { useParts } from "../parts/texts";
import { useCan } from "../rights";
import { useJobWords } from "./job-words";

const zh = {
  title: "任务",
  under: (at: string) => `截至 ${at}`,
  job: "任务",
  when: "时间表（店铺时间）",
  onDemand: "仅手动",
  last: "上次运行",
  never: "没有记录",
  ended: "完成",
  endedAt: (at: string) => `${at} 完成`,
  going: "进行中",
  parts: (done: string, of: string) => `${done} / ${of} 部分`,
  overdue: "该完成而未完成",
  fine: "正常",
  notRunYet: "还没有运行记录",
  notAsked: "没有运行过",
  watch:
    "是否按时完成由 watch-jobs 每 15 分钟检查一次，它不在这张表里。“今日”有 jobs-unwatched 告警时，说明它自己停了，这里的“正常”不可信：请技术人员按处理手册检查。",
  run: "运行",
  replay: "重放",
  everyMinutes: (minutes: string) => `每 ${minutes} 分钟`,
  hourly: (minute: string) => `每小时第 ${minute} 分`,
  daily: "每天",
  weekly: (day: string) => `每周${day}`,
  monthly: (day: string) => `每月 ${day} 日`,
  yearly: (month: string, day: string) => `每年 ${month} 月 ${day} 日`,
  at: (day: string, time: string) => `${day} ${time}`,
  betweenHours: (day: string, from: string, until: string, minute: string) =>
    `${day} ${from} 时至 ${until} 时，每小时第 ${minute} 分`,
  weekdays: { 1: "一", 2: "二", 3: "三", 4: "四", 5: "五", 6: "六", 7: "日" },
  will: (job: string) => `请求运行任务 ${job}，几秒内启动。任务可以随时再运行，做过的不会重复。`,
  willReplay: "重新入账：补上积分账户还没有看到的订单变化。可以随时运行，做过的不会重复。",
  did: "已请求运行。",
  request: "请求编号",
  asked: "请求于",
  started: "启动于",
  notYet: "几秒内启动",
};

const en: Form<typeof zh> = {
  title: "Jobs",
  under: (at) => `As of ${at}`,
  job: "Job",
  when: "Timetable (store time)",
  onDemand: "When asked for",
  last: "Last run",
  never: "None recorded",
  ended: "Ended",
  endedAt: (at) => `Ended ${at}`,
  going: "Under way",
  parts: (done, of) => `${done} of ${of} parts`,
  overdue: "Should have ended",
  fine: "In time",
  notRunYet: "No run recorded yet",
  notAsked: "Never run",
  watch:
    "Whether they end in time is looked at every 15 minutes by watch-jobs, which is not in this table. While Today shows the alarm jobs-unwatched, that has stopped itself and “in time” says nothing: have it looked after by the runbook.",
  run: "Run",
  replay: "Replay",
  everyMinutes: (minutes) => (minutes === "1" ? "Every minute" : `Every ${minutes} minutes`),
  hourly: (minute) => `Hourly at minute ${minute}`,
  daily: "Daily",
  weekly: (day) => `On ${day}`,
  monthly: (day) => `Day ${day} of each month`,
  yearly: (month, day) => `Day ${day} of month ${month}`,
  at: (day, time) => `${day}, ${time}`,
  betweenHours: (day, from, until, minute) =>
    `${day}, hourly at minute ${minute} from ${from} to ${until} o'clock`,
  weekdays: {
    1: "Mondays",
    2: "Tuesdays",
    3: "Wednesdays",
    4: "Thursdays",
    5: "Fridays",
    6: "Saturdays",
    7: "Sundays",
  },
  will: (job) =>
    `Asks for a run of ${job}, which starts within seconds. It may be run at any time: what is done is not done again.`,
  willReplay:
    "Posts what the accounts have not seen of the orders. It may be run at any time: what is done is not done again.",
  did: "A run is asked for.",
  request: "Request",
  asked: "Asked",
  started: "Started",
  notYet: "Within seconds",
};

const useTexts = createTexts(zh, en);
const REPLAY = "replay-points";
/** How often the page looks again: runs come and go by themselves. */
const LOOK_AGAIN_MILLISECONDS = 10_000;

export default function Jobs() {
  const texts = useTexts();
  const { exactly } = useWords();
  const jobs = useApi().useQuery("get", "/jobs", {}, { refetchInterval: LOOK_AGAIN_MILLISECONDS });
  const [running, setRunning] = useState<string | null>(null);
  return (
    <div className="stack">
      <PageHead
        title={texts.title}
        under={jobs.data === undefined ? undefined : texts.under(exactly(jobs.data.as_of))}
      />
      <Answered query={jobs} tall>
        {(found) => (
          <>
            <JobsTable jobs={found.jobs} onRun={setRunning} />
            <p className="soft small-text">{texts.watch}</p>
          </>
        )}
      </Answered>
      {running !== null && <Run job={running} onClose={() => setRunning(null)} />}
    </div>
  );
}

function JobsTable({ jobs, onRun }: { jobs: readonly JobAnswer[]; onRun: (job: string) => void }) {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const words = useJobWords();
  return (
    <Table
      caption={texts.title}
      rows={jobs}
      keyOf={(each) => each.job}
      columns={[
        {
          id: "job",
          title: texts.job,
          head: true,
          cell: (each) => {
            const [name, does] = words(each.job);
            return (
              <>
                <div>{name}</div>
                {does !== "" && <div className="soft small-text">{does}</div>}
                <span className="code small-text">{each.job}</span>
              </>
            );
          },
        },
        { id: "when", title: texts.when, cell: (each) => <When schedules={each.schedules} /> },
        { id: "last", title: texts.last, cell: (each) => <Last job={each} /> },
        {
          id: "state",
          title: parts.state,
          cell: (each) =>
            each.schedules.some((schedule) => schedule.overdue) ? (
              <Badge tone="bad">{texts.overdue}</Badge>
            ) : each.begun_at === null ? (
              <Badge>{each.schedules.length === 0 ? texts.notAsked : texts.notRunYet}</Badge>
            ) : each.ended_at === null ? (
              <Badge tone="accent">{texts.going}</Badge>
            ) : (
              <Badge tone="good">{texts.fine}</Badge>
            ),
        },
        {
          id: "act",
          title: parts.actions,
          cell: (each) =>
            can("run_job") && (
              <Button
                small
                aria-label={`${each.job === REPLAY ? texts.replay : texts.run} ${each.job}`}
                onPress={() => onRun(each.job)}
              >
                {each.job === REPLAY ? texts.replay : texts.run}
              </Button>
            ),
        },
      ]}
    />
  );
}

function two(of: number | null): string {
  return String(of ?? 0).padStart(2, "0");
}

/** Says when a job is started: every so many minutes, or at a time of the days that fit. */
export function useWhen(): (schedule: ScheduleAnswer) => string {
  const texts = useTexts();
  return ({ every_minutes, hour, minute, until_hour, day, month, weekday }) => {
    if (every_minutes !== null) return texts.everyMinutes(String(every_minutes));
    const days =
      month !== null && day !== null
        ? texts.yearly(String(month), String(day))
        : day !== null
          ? texts.monthly(String(day))
          : weekday !== null
            ? texts.weekly(texts.weekdays[weekday as keyof typeof texts.weekdays] ?? String(weekday))
            : texts.daily;
    if (hour === null) return texts.hourly(two(minute));
    return until_hour === null
      ? texts.at(days, `${two(hour)}:${two(minute)}`)
      : texts.betweenHours(days, two(hour), two(until_hour), two(minute));
  };
}

function When({ schedules }: { schedules: readonly ScheduleAnswer[] }) {
  const texts = useTexts();
  const when = useWhen();
  if (schedules.length === 0) return <span className="soft">{texts.onDemand}</span>;
  return (
    <>
      {schedules.map((each) => (
        <div key={each.schedule}>{when(each)}</div>
      ))}
    </>
  );
}

function Last({ job }: { job: JobAnswer }) {
  const texts = useTexts();
  const { moment, number } = useWords();
  if (job.begun_at === null) return <span className="soft">{texts.never}</span>;
  return (
    <>
      <Moment at={job.begun_at} />
      <div className="soft">
        {job.ended_at === null ? texts.going : texts.endedAt(moment(job.ended_at))}
        {job.parts > 1 && ` · ${texts.parts(number(job.parts_ended), number(job.parts))}`}
      </div>
    </>
  );
}

function Run({ job, onClose }: { job: string; onClose: () => void }) {
  const texts = useTexts();
  const [requestId] = useState(() => newId("run"));
  const run = useApi().useMutation("post", "/jobs/{job}/runs");
  const [name, does] = useJobWords()(job);
  const verb = job === REPLAY ? texts.replay : texts.run;
  return (
    <Act
      title={`${verb} · ${name}`}
      action={verb}
      onClose={onClose}
      before={
        <Will>
          {does !== "" && job !== REPLAY && <p>{does}</p>}
          <p>{job === REPLAY ? texts.willReplay : texts.will(job)}</p>
        </Will>
      }
      write={() => run.mutateAsync({ params: { path: { job } }, body: { request_id: requestId } })}
      after={(answer) => (
        <>
          <p>{texts.did}</p>
          <Facts
            facts={[
              [
                texts.request,
                <Id key="r" of={texts.request}>
                  {answer.request_id}
                </Id>,
              ],
              [texts.asked, <Moment key="a" at={answer.asked_at} />],
              [
                texts.started,
                answer.started_at === null ? texts.notYet : <Moment key="s" at={answer.started_at} />,
              ],
            ]}
          />
        </>
      )}
    />
  );
}
