"""What is told of a model that does not answer, in Korean and English: `agent.llm`."""

_WITHOUT_MODEL = (
    "그동안 이 명령은 모델 없이 됩니다: 목록, 통계 ORDERS, 동기화 ORDERS, 상태.",
    "Meanwhile these work without the model: list, stats ORDERS, sync ORDERS, status.",
)

MODEL_FAILURES: dict[str, tuple[str, str]] = {
    "model_missing": (
        "모델이 설정되지 않아 이 명령만 알아듣습니다: 목록, 통계 ORDERS, 동기화 ORDERS, 상태. 다른 질문은 관리자가 OPENAI_API_KEY를 설정한 뒤에 물어봐 주세요.",
        "No model is set up, so only these are understood: list, stats ORDERS, sync ORDERS, status. For other questions an admin must set OPENAI_API_KEY.",
    ),
    "model_busy": (
        "지금은 모델이 요청을 더 받지 않습니다. 1분 뒤에 다시 물어봐 주세요.",
        "The model takes no more requests right now. Ask again in a minute.",
    ),
    "model_unreachable": (
        "모델에 연결할 수 없습니다. OPENAI_BASE_URL과 네트워크를 확인한 뒤 다시 물어봐 주세요. "
        + _WITHOUT_MODEL[0],
        "The model cannot be reached. Check OPENAI_BASE_URL and the network, then ask again. "
        + _WITHOUT_MODEL[1],
    ),
    "model_timeout": (
        "모델이 {seconds}초 안에 답하지 않았습니다. 다시 묻거나 범위를 줄여 물어봐 주세요.",
        "The model did not answer within {seconds} s. Ask again, or ask for less.",
    ),
    "model_server_error": (
        "모델 서버에 오류가 생겼습니다(HTTP {status}). 나중에 다시 물어봐 주세요. "
        + _WITHOUT_MODEL[0],
        "The model's server failed (HTTP {status}). Ask again later. " + _WITHOUT_MODEL[1],
    ),
    "model_login_refused": (
        "모델 서버가 API 키를 거부했습니다(HTTP {status}). 관리자가 OPENAI_API_KEY와 그 권한을 확인해야 합니다. "
        + _WITHOUT_MODEL[0],
        "The model's server refused our key (HTTP {status}). An admin must check OPENAI_API_KEY and its rights. "
        + _WITHOUT_MODEL[1],
    ),
    "model_quota_spent": (
        "모델 계정의 잔액이 없습니다. 관리자가 충전해야 합니다. " + _WITHOUT_MODEL[0],
        "The account of the model has no credit left. An admin must top it up. "
        + _WITHOUT_MODEL[1],
    ),
    "model_request_refused": (
        "모델 서버가 요청을 받아들이지 않았습니다(HTTP {status}, {reason}). 관리자가 OPENAI_MODEL을 확인하거나, 이 스레드가 아주 길면 새 스레드에서 물어봐 주세요.",
        "The model's server does not accept the request (HTTP {status}, {reason}). Check OPENAI_MODEL, or begin a new thread if this one is very long.",
    ),
    "model_bad_reply": (
        "모델의 답을 쓸 수 없습니다. 다시 묻거나 다른 말로 물어봐 주세요.",
        "The model's answer cannot be used. Ask again, perhaps in other words.",
    ),
}
