/** The thread that reads uploads: one question, one answer, in turn. */
import { parentPort } from "node:worker_threads";
import { answerUpload, type UploadQuestion } from "./source-upload.ts";

parentPort?.on("message", async (question: UploadQuestion) => {
  const answer = await answerUpload(question);
  parentPort?.postMessage(answer, "bundle" in answer ? [answer.bundle.buffer] : []);
});
