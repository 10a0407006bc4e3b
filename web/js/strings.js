/**
 * Every word the page says, in English and Chinese, and the language in use.
 *
 * A value is a string, or a function of one argument where a number or a name goes in.
 */

const STORED = "thinkaloud.language";

const EN = {
  skip: "Skip to the question field",
  language: "Language",
  new_conversation: "New conversation",
  latest: "Latest",

  welcome: "Ask, and follow the thinking.",
  welcome_more: "You see what is being looked up, which pages were found, and the answer as it forms.",

  connect_title: "Connect to a server",
  connect_more:
    "This page was not served by a local cloud, so it needs to know where to connect. Both are kept in this tab only.",
  connect_url: "Address",
  connect_token: "Token",
  connect_go: "Connect",
  connect_bad_url: "The address has to start with wss:// (or ws:// on this computer).",
  connect_bad_token: "A token is one word of letters, digits, dots, hyphens and underscores.",
  connect_failed: "No connection. A wrong address, an expired token or a page origin that is not allowed all look the same from here.",
  edit_connection: "Change",

  link_connecting: "Connecting…",
  link_open: "Connected",
  link_waiting: (seconds) => `Reconnecting in ${seconds} s`,
  link_offline: "Offline",
  link_unconfigured: "Not connected",
  link_lost: "The connection was lost. Reconnecting.",
  link_back: "Connected again.",
  retry_now: "Try now",

  your_question: "Your question",
  placeholder: "Ask a question",
  keys: "Shift+Enter: new line",
  send: "Send",
  stop: "Stop the answer",
  stop_hint: "Stop (Esc)",
  too_long: (over) => `${over} characters too long`,

  model: (name) => `Model: ${name}`,
  plain_text: "Answers are shown as plain text: the Markdown libraries are not installed (npm ci in web/, with Node.js).",

  waiting_link: "Will be sent once connected",
  waiting_turn: "Will be sent after this answer",
  sending: "Sending",
  thinking: "Thinking",
  reconnecting: "Reconnecting to the answer",
  stopping: "Stopping",

  answer: "Answer",
  sources: "Sources",
  source_title: (number, title) => `Source ${number}: ${title}`,
  score: (score) => `Match ${score}`,
  reasoning: "Reasoning",
  tool_running: "running",
  tool_ok: "done",
  tool_error: "failed",
  tool_denied: "not allowed",
  copy: "Copy",
  copied: "Copied",

  details: "Details",
  fact_model: "Model",
  fact_tokens: "Tokens",
  tokens: (usage) => `${usage.prompt} in, ${usage.completion} out${usage.estimated ? " (estimated)" : ""}`,
  fact_finish: "Finish",
  fact_trace: "Trace",
  timing_total: "Total",
  timing_retrieval: "Searching",
  timing_embed: "Embedding",
  timing_generation: "Writing",
  timing_first_token: "First words after",

  finish_length: "The answer reached its length limit and ends here.",
  finish_content_filter: "The model's content filter ended this answer.",
  finish_tool_limit: "The answer ended here: it had used as many tools as it may.",
  finish_other: "The model ended this answer early.",
  stopped: "The answer was stopped.",
  stopped_user: "You stopped this answer.",
  stopped_superseded: "A later question replaced this answer.",
  stopped_deadline: "The answer ran out of time and ends here.",
  stopped_quota: "The quota is used up, so the answer ends here.",
  missing: "A part of this answer may be missing: it was lost on the way.",
  stop_impossible: "This server cannot stop an answer.",
  nothing_said: "The answer is empty.",

  retry: "Ask again",
  edit: "Edit the question",
  error_bad_json: "The server could not read the question.",
  error_invalid_frame: "The server did not accept the question.",
  error_too_large: "The question is too long. Shorten it and send it again.",
  error_too_deep: "The server did not accept the question.",
  error_unknown_action: "This server does not know what the page asked for.",
  error_forbidden: "This conversation belongs to someone else. Start a new one.",
  error_busy: "The conversation is still busy with another answer.",
  error_throttled: "The service is very busy. Wait a moment and ask again.",
  error_storage_unavailable: "The service cannot reach its storage just now.",
  error_knowledge_unavailable: "The knowledge base cannot be reached just now.",
  error_model_refused: "The model refused the request. Whoever runs this service has to look into it.",
  error_model_busy: "The model is overloaded. Wait a moment and ask again.",
  error_model_unavailable: "The model cannot be reached just now.",
  error_model_broken: "The model broke off in mid-answer.",
  error_crashed: "The answer broke off, and could not be taken up again.",
  error_model_stalled: "The model stopped responding.",
  error_wrong_user: "This sign-in belongs to someone else.",
  error_sign_in_unavailable: "Your sign-in cannot be checked just now.",
  error_unauthorized: "The server does not accept who you are. Sign in again.",
  error_internal: "Something went wrong on the server.",
  error_gateway: "The server did not take the question.",
  error_no_answer: "The server has not answered.",
  error_interrupted: "The connection broke, and the rest of this answer did not arrive.",
  error_unknown: "Something went wrong.",
};

const ZH = {
  skip: "跳到提问框",
  language: "语言",
  new_conversation: "新对话",
  latest: "回到最新",

  welcome: "问吧，思路看得见。",
  welcome_more: "正在查什么、找到了哪些页面、答案如何一步步成形，您都能看到。",

  connect_title: "连接服务器",
  connect_more: "本页面不是由本地云提供的，需要填写连接地址。两项内容只保存在当前标签页中。",
  connect_url: "地址",
  connect_token: "令牌",
  connect_go: "连接",
  connect_bad_url: "地址须以 wss:// 开头（本机可用 ws://）。",
  connect_bad_token: "令牌只含字母、数字、点、连字符和下划线，中间没有空格。",
  connect_failed: "连接失败。地址有误、令牌过期或页面来源未获允许，在浏览器里看起来都一样。",
  edit_connection: "修改",

  link_connecting: "正在连接…",
  link_open: "已连接",
  link_waiting: (seconds) => `${seconds} 秒后重连`,
  link_offline: "网络已断开",
  link_unconfigured: "未连接",
  link_lost: "连接已断开，正在重连。",
  link_back: "已重新连接。",
  retry_now: "立即重试",

  your_question: "您的问题",
  placeholder: "请输入问题",
  keys: "Shift+Enter 换行",
  send: "发送",
  stop: "停止回答",
  stop_hint: "停止（Esc）",
  too_long: (over) => `超出 ${over} 个字`,

  model: (name) => `模型：${name}`,
  plain_text: "回答以纯文本显示：尚未安装 Markdown 组件（安装 Node.js 后在 web/ 目录运行 npm ci）。",

  waiting_link: "连接后自动发送",
  waiting_turn: "当前回答结束后发送",
  sending: "正在发送",
  thinking: "正在思考",
  reconnecting: "正在重新接上回答",
  stopping: "正在停止",

  answer: "回答",
  sources: "来源",
  source_title: (number, title) => `来源 ${number}：${title}`,
  score: (score) => `匹配度 ${score}`,
  reasoning: "推理过程",
  tool_running: "运行中",
  tool_ok: "完成",
  tool_error: "失败",
  tool_denied: "未获允许",
  copy: "复制",
  copied: "已复制",

  details: "详情",
  fact_model: "模型",
  fact_tokens: "词元",
  tokens: (usage) => `输入 ${usage.prompt}，输出 ${usage.completion}${usage.estimated ? "（估算）" : ""}`,
  fact_finish: "结束原因",
  fact_trace: "追踪号",
  timing_total: "总用时",
  timing_retrieval: "检索",
  timing_embed: "向量化",
  timing_generation: "撰写",
  timing_first_token: "首字用时",

  finish_length: "回答达到长度上限，到此为止。",
  finish_content_filter: "模型的内容过滤终止了这个回答。",
  finish_tool_limit: "工具使用次数已达上限，回答到此为止。",
  finish_other: "模型提前结束了这个回答。",
  stopped: "回答已停止。",
  stopped_user: "您停止了这个回答。",
  stopped_superseded: "后面的提问取代了这个回答。",
  stopped_deadline: "回答超时，到此为止。",
  stopped_quota: "额度已用完，回答到此为止。",
  missing: "这个回答可能缺了一部分：传输途中有内容丢失。",
  stop_impossible: "这台服务器不支持停止回答。",
  nothing_said: "回答为空。",

  retry: "重新提问",
  edit: "修改问题",
  error_bad_json: "服务器无法读取这个问题。",
  error_invalid_frame: "服务器没有接受这个问题。",
  error_too_large: "问题太长，请缩短后再发送。",
  error_too_deep: "服务器没有接受这个问题。",
  error_unknown_action: "这台服务器不支持页面请求的操作。",
  error_forbidden: "这个对话属于其他用户，请新建对话。",
  error_busy: "这个对话还在处理另一个回答。",
  error_throttled: "服务繁忙，请稍候再问。",
  error_storage_unavailable: "服务暂时无法访问存储。",
  error_knowledge_unavailable: "暂时无法访问知识库。",
  error_model_refused: "模型拒绝了请求，需要服务的维护者处理。",
  error_model_busy: "模型过载，请稍候再问。",
  error_model_unavailable: "暂时无法连接模型。",
  error_model_broken: "模型在回答中途断开了。",
  error_crashed: "回答中断，无法继续。",
  error_model_stalled: "模型长时间没有响应。",
  error_wrong_user: "该登录凭证属于其他用户。",
  error_sign_in_unavailable: "暂时无法验证登录。",
  error_unauthorized: "服务器不认可您的身份，请重新登录。",
  error_internal: "服务器出了问题。",
  error_gateway: "服务器没有收下这个问题。",
  error_no_answer: "服务器没有回应。",
  error_interrupted: "连接中断，回答的其余部分没有送达。",
  error_unknown: "出了点问题。",
};

/** Shown on the empty page in both languages, whichever the page itself is in. */
export const EXAMPLES = {
  en: ["How long does a refund take?", "How do I report a lost laptop?", "What does the warranty cover?"],
  zh: ["我们部门今年的年假额度是多少？", "差旅报销要在多久之内提交？", "退货的运费由谁承担？"],
};

export const TABLES = { en: EN, zh: ZH };
let language = "en";

/** The stored choice, otherwise the browser's first language: Chinese of any kind is `zh`, all else `en`. */
export function preferredLanguage() {
  const stored = localStorage.getItem(STORED);
  if (stored in TABLES) return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/**
 * Use `code` from now on; `remember` keeps it for the next visit.
 *
 * Whatever names a text is said anew: `data-text`, `data-label` (with `data-values`, a JSON array, where the text has
 * blanks to fill), `data-title` and `data-placeholder`.
 */
export function setLanguage(code, { remember = false } = {}) {
  language = code;
  if (remember) localStorage.setItem(STORED, code);
  document.documentElement.lang = locale();
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label, ...JSON.parse(node.dataset.values ?? "[]")));
  }
  for (const node of document.querySelectorAll("[data-title]")) node.title = t(node.dataset.title);
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = t(node.dataset.placeholder);
}

/** `en` or `zh`. */
export const currentLanguage = () => language;

/** The tag sent with a question, so that the labels of its phases come in the page's language. */
export const locale = () => (language === "zh" ? "zh-CN" : "en");

/** The text under `key`, with `values` put in. A key that is missing is a mistake in the page, so it throws. */
export function t(key, ...values) {
  const text = TABLES[language][key];
  if (text === undefined) throw new Error(`no text for ${key} in ${language}`);
  return typeof text === "function" ? text(...values) : text;
}

/** Whether there is a text under `key`: codes and phases may be newer than this page. */
export const has = (key) => key in TABLES[language];

/** Seconds as a person reads them: `42 ms`, `1.3 s`. */
export const duration = (seconds) =>
  seconds < 0.9995 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

/** The BCP 47 tag to speak and set `text` in: an answer follows its question, not the page. */
export const languageOf = (text) => (/\p{Script=Han}/u.test(text) ? "zh-CN" : "en");
