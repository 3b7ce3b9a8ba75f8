"""The shapes of JSON answers, as the API's description states them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """What every error says."""

    error: str = Field(description="What was wrong, which field, and what is allowed")


class Accepted(BaseModel):
    """A v2 request that waits for its turn."""

    request_id: str
    status: str
    status_url: str
    response_url: str
    poll_url: str
    events_url: str


class Metrics(BaseModel):
    """What a request cost, in credits, and how long it took, in seconds."""

    cost: float
    remaining_credits: float
    inference_time: float | None
    queue_time: float | None
    total_time: float | None
    retry_count: int


State = Literal["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


class Status(BaseModel):
    """Where a request stands."""

    request_id: str
    status: State
    metrics: Metrics
    queue_position: int | None = Field(description="Requests that will start before this one")
    step: int = Field(description="Denoising steps that are done")
    total_steps: int = Field(description="Denoising steps in all; 0 until they are known")


class FailedStatus(Status):
    """A request that failed, or was cancelled."""

    error: str


class Image(BaseModel):
    """One picture of a request."""

    url: str
    content_type: str
    file_name: str
    file_size: int
    width: int
    height: int
    seed: str
    kind: Literal["picture", "panel", "page"]


class Timings(BaseModel):
    """Seconds that the parts of a request took."""

    queue: float | None
    inference: float | None
    total: float | None


class Result(Status):
    """A request that is completed."""

    output: str = Field(description="URL of the main picture")
    images: list[Image]
    seed: str
    prompt: str | None
    timings: Timings
    warnings: list[str]


class Credits(BaseModel):
    """What an account has left."""

    credits: float
    free_credits: float = Field(serialization_alias="free-credits")


class Model(BaseModel):
    """An endpoint that is served."""

    slug: str
    summary: str
    price: float = Field(description="Credits of a request that leaves all at its default")
    warm: bool = Field(description="Whether its model is loaded")
    request_schema: dict[str, object] = Field(
        serialization_alias="schema", description="JSON Schema of the request's fields"
    )


class Models(BaseModel):
    """All endpoints."""

    models: list[Model]


class PastRequest(BaseModel):
    """A request of the account's history."""

    request_id: str
    model: str
    version: str
    status: State
    cost: float
    created_at: str
    finished_at: str | None
    seed: str | None
    error: str | None
    inputs: dict[str, object] = Field(description="The fields as they were read")
    outputs: list[Image]
    metrics: Metrics


class History(BaseModel):
    """A page of the account's requests, newest first."""

    requests: list[PastRequest]
    next: str | None = Field(description="Goes into `before` to get the next page; null at the end")


class Forgotten(BaseModel):
    """A request whose words and files are gone."""

    request_id: str


class Movement(BaseModel):
    """One line of the account's book."""

    kind: Literal["topup", "hold", "settle", "release"]
    amount: float = Field(description="Credits; below 0 where they leave the balance")
    balance: float = Field(description="Credits after it")
    note: str
    created_at: str


class Movements(BaseModel):
    """A page of the account's book, newest first."""

    movements: list[Movement]
    next: str | None = Field(description="Goes into `before` to get the next page; null at the end")


class Key(BaseModel):
    """A key without its secret."""

    id: str = Field(description="How it begins")
    label: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    is_yours: bool = Field(description="Whether this very request was let in by it")


class MadeKey(Key):
    """A key that was just made."""

    secret: str = Field(description="For the x-api-key header; shown this once")


class Keys(BaseModel):
    """All keys of the account, oldest first."""

    keys: list[Key]


class Revoked(BaseModel):
    """A key that opens nothing any more."""

    id: str


class Price(BaseModel):
    """What a request would cost."""

    price: float = Field(description="Credits")
    credits: float = Field(description="Credits that the account has")


class Preset(BaseModel):
    """A pose that ships."""

    name: str = Field(description="Goes into `image` as preset:NAME")
    pose: dict[str, object] = Field(description="OpenPose JSON")


class Presets(BaseModel):
    """All poses that ship."""

    presets: list[Preset]


class PagePicture(BaseModel):
    """One laid-out page."""

    image: str = Field(description="The file, in base64")
    content_type: str
    width: int
    height: int


class Pages(BaseModel):
    """A laid-out story."""

    pages: list[PagePicture]
    warnings: list[str]


class Uploaded(BaseModel):
    """Where uploads can be found; each URL goes into `image` or `ref_image`."""

    file_urls: list[str]
    urls: list[str]
    message: str


class PoseRead(BaseModel):
    """The people in a picture."""

    pose: dict[str, object] = Field(description="OpenPose JSON, in pixels of the picture")
    image: str = Field(description="Their skeletons as a PNG picture, in base64")
    people: int


class Health(BaseModel):
    """Whether the server runs."""

    status: str


class Readiness(BaseModel):
    """Whether requests can be served."""

    ready: bool


class NotReady(Problem):
    """Why they cannot."""

    ready: bool
    problems: dict[str, str] = Field(description="What is not well, by part")
