// The wire to the server: a stream of states in, small posts out.

export function listen(person, onState, onConnection) {
  let source;
  let timer;
  let ended = false;
  const open = () => {
    source = new EventSource(`/demo/events?person=${encodeURIComponent(person)}`);
    source.onopen = () => onConnection(true);
    source.onmessage = (event) => onState(JSON.parse(event.data));
    source.onerror = () => {
      onConnection(false);
      if (source.readyState === EventSource.CLOSED && !ended) timer = setTimeout(open, 2000);
    };
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source.close();
  };
}

export async function post(path, body) {
  const answer = await fetch(`/demo/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error || answer.statusText);
  return said;
}
