/*
 * minimal.c in C++11, with a small RAII wrapper of its own: a class template that releases what the
 * C functions hand out, and one exception type for their codes. Callbacks must not let exceptions
 * pass through the library, so the client's function catches them.
 */
#include <flrunner.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace
{

/* Owns one reference and releases it with Release. */
template <typename T, void (*Release)(T *)> class Handle
{
  public:
    Handle() : pointer_(nullptr)
    {
    }
    ~Handle()
    {
        Release(pointer_);
    }
    Handle(Handle &&other) noexcept : pointer_(other.give())
    {
    }
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    Handle &operator=(Handle &&other) noexcept
    {
        std::swap(pointer_, other.pointer_);
        return *this;
    }
    T *get() const
    {
        return pointer_;
    }
    /* For [out] parameters; only of an empty handle. */
    T **out()
    {
        return &pointer_;
    }
    /* After the library has taken what was [give on 0]. */
    T *give()
    {
        T *given = pointer_;
        pointer_ = nullptr;
        return given;
    }

  private:
    T *pointer_;
};

using Blob = Handle<flr_blob, flr_blob_unref>;
using Value = Handle<flr_value, flr_value_unref>;
using Message = Handle<flr_shareable, flr_shareable_unref>;
using Workflow = Handle<flr_workflow, flr_workflow_unref>;
using Config = Handle<flr_config, flr_config_free>;
using Runner = Handle<flr_runner, flr_runner_free>;
using Engine = Handle<flr_local, flr_local_free>;

struct Error : std::runtime_error {
    Error(int code, const std::string &detail)
        : std::runtime_error(flr_status_get_text(code) + ("; " + detail)), status(code)
    {
    }
    int status;
};

void check(int status, const std::string &detail = "")
{
    if (status < 0)
        throw Error(status, detail);
}

/* A model: a map with one tensor, here a single number. */
Value make_model(double number)
{
    Blob blob;
    Value tensor, model;
    check(flr_blob_new_copy(&number, sizeof number, blob.out()));
    check(flr_value_new_tensor(FLR_TYPE_F64, 0, nullptr, blob.get(), tensor.out()));
    check(flr_value_new_map(model.out()));
    check(flr_map_set(model.out(), "mean", tensor.get()));
    tensor.give();
    return model;
}

double read_model(const flr_value *model)
{
    return *static_cast<const double *>(
        flr_blob_get_data(flr_value_get_blob(flr_map_get(model, "mean"))));
}

struct Site {
    std::string name;
    std::vector<double> values;
};

Message train_site(const Site &site, const flr_shareable *data)
{
    double mean = 0, old = read_model(flr_shareable_get(data, "model"));
    for (double value : site.values)
        mean += value / static_cast<double>(site.values.size());
    Value model = make_model(old + 0.5 * (mean - old));
    Message result;
    check(flr_shareable_new(result.out()));
    check(flr_shareable_set(result.get(), "model", model.get()));
    model.give();
    check(flr_shareable_set_int(result.get(), "num_samples",
                                static_cast<int64_t>(site.values.size())));
    return result;
}

extern "C" int train(void *self, const char *, const char *, const flr_shareable *data,
                     flr_signal *, flr_shareable **result)
{
    try {
        *result = train_site(*static_cast<const Site *>(self), data).give();
        return 0;
    } catch (const Error &error) {
        return error.status;
    } catch (...) {
        return FLR_E_CALLBACK;
    }
}

double run_federation(std::vector<Site> &sites)
{
    Engine engine; /* outlives the runner: handles are released in reverse order */
    Config config;
    Workflow fedavg;
    Runner runner;
    Value start = make_model(0), model;
    flr_fedavg_options options;

    check(flr_local_new(nullptr, engine.out()));
    for (Site &site : sites)
        check(flr_local_add_client(engine.get(), site.name.c_str(), train, &site));
    flr_fedavg_options_init(&options, sizeof options);
    options.initial_model = start.get();
    options.rounds = 20;
    options.min_clients = sites.size();
    check(flr_fedavg_new(&options, fedavg.out()));
    check(flr_config_new(config.out()));
    int status = flr_config_add_workflow(config.get(), "train", fedavg.get());
    if (status < 0)
        throw Error(status, flr_config_get_detail(config.get()));
    flr_workflow *training = fedavg.give(); /* valid until the runner is freed */
    status = flr_runner_new(config.get(), "job-1", flr_local_get_engine_ops(engine.get()),
                            engine.get(), runner.out());
    if (status < 0)
        throw Error(status, flr_config_get_detail(config.get()));
    config.give();
    status = flr_local_run(engine.get(), runner.get());
    char detail[256];
    flr_runner_get_detail(runner.get(), detail, sizeof detail);
    check(status, detail);
    check(flr_fedavg_get_model(training, model.out()));
    return read_model(model.get());
}

} // namespace

int main()
{
    std::vector<Site> sites = {
        {"north", {9.0, 9.5, 8.7, 9.2}}, {"east", {10.1, 10.3}}, {"south", {8.1, 8.4, 8.0}}};
    try {
        std::printf("mean of all: %.4f\n", run_federation(sites));
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "failed: %s\n", error.what());
        return 1;
    }
}
