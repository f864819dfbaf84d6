// Lighthouse over pages of a running city, as on a desk or on a phone: a line of JSON each.
import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
const [form, base, ...paths] = process.argv.slice(2);
const chrome = await launch({ chromeFlags: FLAGS });

for (const path of paths) {
  const options = { port: chrome.port, logLevel: "error" };
  const { lhr } = await lighthouse(base + path, options, form === "desktop" ? desktopConfig : undefined);
  if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`);
  const categories = Object.values(lhr.categories);
  const scores = Object.fromEntries(categories.map(({ id, score }) => [id, Math.round(score * 100)]));
  const failed = categories.flatMap(({ id, auditRefs }) => auditRefs
    .filter((ref) => ref.weight && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 0.9)
    .map((ref) => `${id}: ${ref.id}`));
  console.log(JSON.stringify({ path, scores, failed }));
}
chrome.kill();
