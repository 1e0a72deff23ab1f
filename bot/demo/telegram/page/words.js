// The page's own words. The language is that of the person whose phone is shown.

const WORDS = {
  ru: {
    phone: "Телефон", chats: "Чаты", messages: "Сообщения", commands: "Команды", write: "Сообщение", send: "Отправить",
    bank: "Банк", bankHint: "Здесь можно сделать так, чтобы у банка что-то случилось.", close: "Закрыть", cancel: "Отмена",
    start: "Запустить", unblock: "Разблокировать", block: "Заблокировать", blocked: "бот заблокирован", general: "Общее",
    moved: "Группа стала супергруппой", online: "бот", members: "участников", offline: "нет связи, подключаюсь…",
    typing: "печатает", upload: "отправляет файл", edited: "изменено", sound: "со звуком", silent: "без звука",
    pinned: "закреплено", reply: "Ответить", newer: "новых ниже", copied: "Скопировано", noAnswer: "Бот не ответил",
    failed: "Не получилось", reveal: "Показать скрытое", more: "Развернуть", less: "Свернуть", today: "Сегодня",
    bot_in: "добавлен в чат", topic_closed: "Тема закрыта", topic_opened: "Тема открыта", empty: "Сообщений пока нет",
  },
  kk: {
    phone: "Телефон", chats: "Чаттар", messages: "Хабарламалар", commands: "Командалар", write: "Хабарлама", send: "Жіберу",
    bank: "Банк", bankHint: "Мұнда банкте бірдеңе болатындай етуге болады.", close: "Жабу", cancel: "Бас тарту",
    start: "Бастау", unblock: "Бұғаттан шығару", block: "Бұғаттау", blocked: "бот бұғатталған", general: "Жалпы",
    moved: "Топ супертопқа айналды", online: "бот", members: "қатысушы", offline: "байланыс жоқ, қосылуда…",
    typing: "жазып жатыр", upload: "файл жіберіп жатыр", edited: "өзгертілді", sound: "дыбыспен", silent: "дыбыссыз",
    pinned: "бекітілген", reply: "Жауап беру", newer: "жаңа хабарлама төменде", copied: "Көшірілді", noAnswer: "Бот жауап бермеді",
    failed: "Болмады", reveal: "Жасырынды көрсету", more: "Жаю", less: "Жию", today: "Бүгін",
    bot_in: "чатқа қосылды", topic_closed: "Тақырып жабылды", topic_opened: "Тақырып ашылды", empty: "Әзірге хабарлама жоқ",
  },
  en: {
    phone: "Phone", chats: "Chats", messages: "Messages", commands: "Commands", write: "Message", send: "Send",
    bank: "The bank", bankHint: "Make something happen at the bank.", close: "Close", cancel: "Cancel",
    start: "Start", unblock: "Unblock", block: "Block", blocked: "the bot is blocked", general: "General",
    moved: "This group became a supergroup", online: "bot", members: "members", offline: "no connection, trying again…",
    typing: "typing", upload: "sending a file", edited: "edited", sound: "with sound", silent: "without sound",
    pinned: "pinned", reply: "Reply", newer: "new below", copied: "Copied", noAnswer: "The bot did not answer",
    failed: "That did not work", reveal: "Show what is hidden", more: "Show more", less: "Show less", today: "Today",
    bot_in: "joined the chat", topic_closed: "Topic closed", topic_opened: "Topic opened", empty: "No messages yet",
  },
};

let language = "ru";

export const speak = (code) => {
  language = WORDS[code] ? code : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-name]")) node.setAttribute("aria-label", word(node.dataset.name));
  document.getElementById("text").placeholder = word("write");
};

export const word = (key) => WORDS[language][key];

export const clock = (at) => new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export const moment = (at) => new Date(at).toLocaleString(language);

export const day = (at) => {
  const date = new Date(at);
  if (date.toDateString() === new Date().toDateString()) return word("today");
  return date.toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });
};

export const size = (bytes) => {
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${Math.max(0.1, value).toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
};
