export const zh = {
  name: "会员运营台",
  nav: "主导航",
  stage: (stage: string) => `环境 ${stage}`,
  welcome: {
    title: "会员运营台",
    lead: "用员工账号登录，处理订单、会员、活动和售后。",
  },
  pages: {
    today: "今日",
  },
  today: {
    cases: "待处理售后",
    casesNone: "没有等您处理的售后",
    casesNoneHere: "新的申请会按截止时间排在这里。",
    case: "售后单",
    kind: "类型",
    state: "状态",
    order: "订单",
    due: "截止",
    overdue: "已超时",
  },
};
